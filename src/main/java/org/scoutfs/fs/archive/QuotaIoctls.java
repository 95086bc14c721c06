package org.scoutfs.fs.archive;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.format.ioctl.QuotaRule;
import org.scoutfs.format.ioctl.QuotaRules;
import org.scoutfs.fs.CallerMemory;
import org.scoutfs.fs.Ioctls.Reply;
import org.scoutfs.fs.NodeFileSystem;

/** Lists and changes quota rules. */
final class QuotaIoctls {
    private static final byte[] NOTHING = {};

    private final NodeFileSystem fs;

    QuotaIoctls(NodeFileSystem fs) {
        this.fs = fs;
    }

    Reply list(long argument, CallerMemory caller) throws FsException, MustWait, IOException {
        IoctlService.requireCapability(caller, IoctlService.CAP_SYS_ADMIN);
        MemorySegment in = MemorySegment.ofArray(new byte[QuotaRules.SIZE]);
        caller.read(argument, in);
        QuotaRules asked = QuotaRules.decode(in);
        boolean isLarge = Long.compareUnsigned(asked.ruleCount(), EntryBatch.ANSWER_MAX) > 0;
        List<NodeFileSystem.ListedRule> rules = asked.ruleCount() == 0
                ? List.of()
                : fs.quotaRules(
                        asked.iterator(), asked.iteratorIndex(), isLarge ? EntryBatch.ANSWER_MAX : (int) asked.ruleCount());
        if (rules.isEmpty()) {
            return new Reply(0, asked.encode());
        }
        try (EntryBatch batch = new EntryBatch(caller, asked.rulesPointer(), QuotaRule.SIZE, asked.ruleCount())) {
            for (NodeFileSystem.ListedRule rule : rules) {
                batch.next().copyFrom(MemorySegment.ofArray(rule.rule().encode()));
            }
            int count = batch.finish();
            NodeFileSystem.ListedRule last = rules.getLast();
            return new Reply(
                    count,
                    new QuotaRules(last.hash(), last.index() + 1, asked.rulesPointer(), asked.ruleCount()).encode());
        }
    }

    Reply add(MemorySegment in, CallerMemory caller) throws FsException, MustWait, IOException {
        IoctlService.requireCapability(caller, IoctlService.CAP_SYS_ADMIN);
        fs.addQuotaRule(QuotaRule.decode(in, 0));
        return new Reply(0, NOTHING);
    }

    Reply remove(MemorySegment in, CallerMemory caller) throws FsException, MustWait, IOException {
        IoctlService.requireCapability(caller, IoctlService.CAP_SYS_ADMIN);
        fs.removeQuotaRule(QuotaRule.decode(in, 0));
        return new Reply(0, NOTHING);
    }
}
