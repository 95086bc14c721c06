package org.scoutfs.cli;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** All subcommands. {@link #find} loads the class of the one that is asked for and no other. */
final class Commands {
    private Commands() {}

    static @Nullable Subcommand find(String name) {
        return switch (name) {
            case "mkfs" -> new MkfsCommand();
            case "check" -> new CheckCommand();
            case "change-quorum-config" -> new ChangeQuorumCommand();
            case "mount" -> new MountCommand();
            case "print" -> new PrintCommand();
            case "umount" -> new UmountCommand();
            case "quickstart" -> new QuickstartCommand();
            case ManualCommand.NAME -> new ManualCommand();
            case "df" -> new DfCommand();
            case "counters" -> new CountersCommand();
            case "cluster" -> new ClusterCommand();
            case "locks" -> new LocksCommand();
            case "stat" -> new StatCommand();
            case "statfs" -> new StatfsCommand();
            case "get-referring-entries" -> new ReferringEntriesCommand();
            case "ino-path" -> new InoPathCommand();
            case "quota-add" -> new QuotaCommand(QuotaCommand.Verb.ADD);
            case "quota-del" -> new QuotaCommand(QuotaCommand.Verb.DELETE);
            case "quota-list" -> new QuotaCommand(QuotaCommand.Verb.LIST);
            case "quota-wipe" -> new QuotaCommand(QuotaCommand.Verb.WIPE);
            case "quota-restore" -> new QuotaCommand(QuotaCommand.Verb.RESTORE);
            case "get-attr-x" -> new GetAttrXCommand();
            case "set-attr-x" -> new SetAttrXCommand();
            case "list-hidden-xattrs" -> new HiddenXattrsCommand();
            case "read-xattr-index" -> new XattrIndexCommand();
            case "read-xattr-totals" -> new XattrTotalsCommand();
            case "search-xattrs" -> new SearchXattrsCommand();
            case "walk-inodes" -> new WalkInodesCommand();
            case "release" -> new ReleaseCommand();
            case "stage" -> new StageCommand();
            case "data-waiting" -> new DataWaitingCommand();
            case "data-wait-err" -> new DataWaitErrorCommand();
            case "resize-devices" -> new ResizeDevicesCommand();
            case "get-allocated-inos" -> new AllocatedInosCommand();
            default -> null;
        };
    }

    /** In the order in which usage and manual list them. */
    static List<Subcommand> all() {
        return List.of(
                new ChangeQuorumCommand(),
                new CheckCommand(),
                new DfCommand(),
                new MkfsCommand(),
                new MountCommand(),
                new QuickstartCommand(),
                new QuotaCommand(QuotaCommand.Verb.ADD),
                new QuotaCommand(QuotaCommand.Verb.DELETE),
                new QuotaCommand(QuotaCommand.Verb.LIST),
                new QuotaCommand(QuotaCommand.Verb.WIPE),
                new QuotaCommand(QuotaCommand.Verb.RESTORE),
                new ResizeDevicesCommand(),
                new UmountCommand(),
                new ClusterCommand(),
                new CountersCommand(),
                new HiddenXattrsCommand(),
                new LocksCommand(),
                new XattrIndexCommand(),
                new XattrTotalsCommand(),
                new SearchXattrsCommand(),
                new StatCommand(),
                new StatfsCommand(),
                new ReferringEntriesCommand(),
                new InoPathCommand(),
                new WalkInodesCommand(),
                new GetAttrXCommand(),
                new SetAttrXCommand(),
                new StageCommand(),
                new ReleaseCommand(),
                new DataWaitingCommand(),
                new DataWaitErrorCommand(),
                new AllocatedInosCommand(),
                new PrintCommand());
    }
}
