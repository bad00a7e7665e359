using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Alcove.Control.Storage.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class PauseAndSnapshots : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<bool>(
                name: "AutoPause",
                table: "Sandboxes",
                type: "INTEGER",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<bool>(
                name: "AutoPauseMemory",
                table: "Sandboxes",
                type: "INTEGER",
                nullable: false,
                defaultValue: true);

            migrationBuilder.AddColumn<bool>(
                name: "AutoResume",
                table: "Sandboxes",
                type: "INTEGER",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<long>(
                name: "CaptureBytes",
                table: "Sandboxes",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0L);

            migrationBuilder.AddColumn<string>(
                name: "CaptureId",
                table: "Sandboxes",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "EnvVars",
                table: "Sandboxes",
                type: "TEXT",
                nullable: false,
                defaultValueSql: "'{}'");

            migrationBuilder.AddColumn<bool>(
                name: "HasMemory",
                table: "Sandboxes",
                type: "INTEGER",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<int>(
                name: "TimeoutSeconds",
                table: "Sandboxes",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.CreateTable(
                name: "SandboxEvents",
                columns: table => new
                {
                    Id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    SandboxId = table.Column<string>(type: "TEXT", nullable: false),
                    TeamId = table.Column<Guid>(type: "TEXT", nullable: false),
                    At = table.Column<long>(type: "INTEGER", nullable: false),
                    Kind = table.Column<string>(type: "TEXT", nullable: false),
                    Message = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_SandboxEvents", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "SnapshotBuilds",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    SnapshotId = table.Column<string>(type: "TEXT", nullable: false),
                    Tag = table.Column<string>(type: "TEXT", nullable: false),
                    NodeId = table.Column<string>(type: "TEXT", nullable: false),
                    CaptureId = table.Column<string>(type: "TEXT", nullable: false),
                    Bytes = table.Column<long>(type: "INTEGER", nullable: false),
                    CpuCount = table.Column<int>(type: "INTEGER", nullable: false),
                    MemoryMiB = table.Column<int>(type: "INTEGER", nullable: false),
                    DiskMiB = table.Column<int>(type: "INTEGER", nullable: false),
                    EnvdVersion = table.Column<string>(type: "TEXT", nullable: false),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_SnapshotBuilds", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "Snapshots",
                columns: table => new
                {
                    Id = table.Column<string>(type: "TEXT", nullable: false),
                    TeamId = table.Column<Guid>(type: "TEXT", nullable: false),
                    Alias = table.Column<string>(type: "TEXT", nullable: true),
                    SandboxId = table.Column<string>(type: "TEXT", nullable: false),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Snapshots", x => x.Id);
                });

            migrationBuilder.CreateIndex(
                name: "IX_SandboxEvents_SandboxId_Id",
                table: "SandboxEvents",
                columns: new[] { "SandboxId", "Id" });

            migrationBuilder.CreateIndex(
                name: "IX_SnapshotBuilds_SnapshotId_CreatedAt",
                table: "SnapshotBuilds",
                columns: new[] { "SnapshotId", "CreatedAt" });

            migrationBuilder.CreateIndex(
                name: "IX_Snapshots_TeamId_Alias",
                table: "Snapshots",
                columns: new[] { "TeamId", "Alias" },
                unique: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "SandboxEvents");

            migrationBuilder.DropTable(
                name: "SnapshotBuilds");

            migrationBuilder.DropTable(
                name: "Snapshots");

            migrationBuilder.DropColumn(
                name: "AutoPause",
                table: "Sandboxes");

            migrationBuilder.DropColumn(
                name: "AutoPauseMemory",
                table: "Sandboxes");

            migrationBuilder.DropColumn(
                name: "AutoResume",
                table: "Sandboxes");

            migrationBuilder.DropColumn(
                name: "CaptureBytes",
                table: "Sandboxes");

            migrationBuilder.DropColumn(
                name: "CaptureId",
                table: "Sandboxes");

            migrationBuilder.DropColumn(
                name: "EnvVars",
                table: "Sandboxes");

            migrationBuilder.DropColumn(
                name: "HasMemory",
                table: "Sandboxes");

            migrationBuilder.DropColumn(
                name: "TimeoutSeconds",
                table: "Sandboxes");
        }
    }
}
