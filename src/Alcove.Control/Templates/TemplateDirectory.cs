using Alcove.Control.Storage;
using Alcove.Protocol.Nodes;
using Microsoft.EntityFrameworkCore;

namespace Alcove.Control.Templates;

/// <summary>How a lookup of a template ended.</summary>
public enum TemplateLookup
{
    Found,
    Invalid,
    NotFound,
    TagNotFound,

    /// <summary>Found by its id, and another team's own.</summary>
    Forbidden,

    /// <summary>Found by its name, and another team's own: only who asks for the name itself is told that it is there.</summary>
    Hidden,
}

/// <summary>Finds templates by reference, and takes in those that nodes bring.</summary>
public sealed class TemplateDirectory(Database database, TimeProvider time)
{
    /// <returns>The template, or why not, with a detail for a reference that is none.</returns>
    public async Task<(TemplateLookup Result, TemplateRow? Template, string? Detail)> ResolveAsync(TeamRow team, string text, CancellationToken cancellationToken)
    {
        var (reference, error) = TemplateReference.Parse(text);
        if (reference is null)
        {
            return (TemplateLookup.Invalid, null, error);
        }

        var template = await FindAsync(team, reference, cancellationToken);
        return template switch
        {
            null => (TemplateLookup.NotFound, null, null),
            { TeamId: { } owner, IsPublic: false } when owner != team.Id => (template.Id == reference.Alias ? TemplateLookup.Forbidden : TemplateLookup.Hidden, null, null),
            _ when reference.Tag is { } tag && tag != template.BuildId.ToString() => (TemplateLookup.TagNotFound, null, tag),
            _ => (TemplateLookup.Found, template, null),
        };
    }

    /// <summary>The team's own templates and those that are everybody's.</summary>
    public async Task<List<TemplateRow>> ListAsync(TeamRow team, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        return await db.Templates.AsNoTracking().Where(row => row.TeamId == team.Id || row.TeamId == null).OrderBy(row => row.CreatedAt).ToListAsync(cancellationToken);
    }

    /// <summary>What a node has built is everybody's template, at the build that the node has.</summary>
    public async Task SynchronizeAsync(NodeStatus node, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        var now = time.GetUtcNow();
        foreach (var image in node.Templates)
        {
            var row = await db.Templates.FirstOrDefaultAsync(template => template.Id == image.TemplateId, cancellationToken);
            if (row is null)
            {
                row = new TemplateRow { Id = image.TemplateId, Alias = image.TemplateId, Digest = string.Empty, EnvdVersion = string.Empty, IsPublic = true, CreatedAt = now };
                db.Templates.Add(row);
            }

            if (row.Digest != image.Digest)
            {
                (row.BuildId, row.UpdatedAt, row.Digest) = (Guid.NewGuid(), now, image.Digest);
            }

            (row.CpuCount, row.MemoryMiB, row.DiskMiB, row.EnvdVersion) = ((int)image.CpuCount, (int)image.MemoryMib, (int)image.DiskMib, node.EnvdVersion);
        }

        await db.SaveChangesAsync(cancellationToken);
    }

    /// <summary>Within the namespace that is named; otherwise one's own, then everybody's, then by id.</summary>
    private async Task<TemplateRow?> FindAsync(TeamRow team, TemplateReference reference, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        if (reference.Namespace is { } slug)
        {
            return await (from template in db.Templates.AsNoTracking()
                          join owner in db.Teams.AsNoTracking() on template.TeamId equals owner.Id
                          where owner.Slug == slug && template.Alias == reference.Alias
                          select template).FirstOrDefaultAsync(cancellationToken);
        }

        var candidates = await db.Templates.AsNoTracking()
            .Where(row => (row.Alias == reference.Alias && (row.TeamId == team.Id || row.TeamId == null)) || row.Id == reference.Alias)
            .ToListAsync(cancellationToken);
        return candidates.Find(row => row.TeamId == team.Id && row.Alias == reference.Alias)
            ?? candidates.Find(row => row.TeamId == null && row.Alias == reference.Alias)
            ?? candidates.FirstOrDefault();
    }
}
