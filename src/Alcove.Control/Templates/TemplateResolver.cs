using Alcove.Control.Snapshots;
using Alcove.Control.Storage;

namespace Alcove.Control.Templates;

/// <summary>What a sandbox can be made from: a template's layer, or a snapshot's capture.</summary>
/// <param name="Id">Its id, whatever it was asked for by.</param>
/// <param name="Alias">Its name.</param>
/// <param name="Digest">The layer; empty for a snapshot.</param>
/// <param name="CpuCount">Processors.</param>
/// <param name="MemoryMiB">Memory.</param>
/// <param name="DiskMiB">Disk.</param>
/// <param name="EnvdVersion">The daemon that is in it.</param>
/// <param name="CaptureId">The capture; null for a template.</param>
/// <param name="NodeId">Where that is.</param>
public sealed record ResolvedTemplate(string Id, string? Alias, string Digest, int CpuCount, int MemoryMiB, int DiskMiB, string EnvdVersion, string? CaptureId, string? NodeId)
{
    public static ResolvedTemplate Of(TemplateRow row) => new(row.Id, row.Alias, row.Digest, row.CpuCount, row.MemoryMiB, row.DiskMiB, row.EnvdVersion, null, null);

    public static ResolvedTemplate Of(SnapshotRow row, SnapshotBuildRow build) =>
        new(row.Id, row.Alias, string.Empty, build.CpuCount, build.MemoryMiB, build.DiskMiB, build.EnvdVersion, build.CaptureId, build.NodeId);
}

/// <summary>Finds what a reference means: one's own names first, then everybody's, then ids; templates and snapshots alike.</summary>
public sealed class TemplateResolver(TemplateDirectory templates, SnapshotDirectory snapshots)
{
    /// <returns>What it means, or why nothing, with a detail for a reference that is none.</returns>
    public async Task<(TemplateLookup Result, ResolvedTemplate? Template, string? Detail)> ResolveAsync(TeamRow team, string text, CancellationToken cancellationToken)
    {
        var (reference, error) = TemplateReference.Parse(text);
        if (reference is null)
        {
            return (TemplateLookup.Invalid, null, error);
        }

        if (reference.Namespace is null || reference.Namespace == team.Slug)
        {
            var (own, build) = await snapshots.FindAsync(team.Id, reference.Alias, null, reference.Tag, cancellationToken);
            if (own is not null)
            {
                return Of(own, build, reference);
            }
        }

        var (result, template, detail) = await templates.ResolveAsync(team, text, cancellationToken);
        return result != TemplateLookup.NotFound || reference.Namespace is not null
            ? (result, template is null ? null : ResolvedTemplate.Of(template), detail)
            : await ByIdAsync(team, reference, cancellationToken);
    }

    private async Task<(TemplateLookup Result, ResolvedTemplate? Template, string? Detail)> ByIdAsync(TeamRow team, TemplateReference reference, CancellationToken cancellationToken)
    {
        var (row, build) = await snapshots.FindAsync(null, null, reference.Alias, reference.Tag, cancellationToken);
        return row is null ? (TemplateLookup.NotFound, null, null)
            : row.TeamId != team.Id ? (TemplateLookup.Forbidden, null, null)
            : Of(row, build, reference);
    }

    private static (TemplateLookup Result, ResolvedTemplate? Template, string? Detail) Of(SnapshotRow row, SnapshotBuildRow? build, TemplateReference reference) => build is null
        ? (TemplateLookup.TagNotFound, null, reference.Tag ?? TemplateReference.DefaultTag)
        : (TemplateLookup.Found, ResolvedTemplate.Of(row, build), null);
}
