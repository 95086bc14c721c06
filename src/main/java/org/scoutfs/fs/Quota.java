package org.scoutfs.fs;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.format.ioctl.QuotaRule;
import org.scoutfs.item.InodeItem;
import org.scoutfs.item.Keys;
import org.scoutfs.item.QuotaRuleItem;
import org.scoutfs.item.XattrIndexKeys;
import org.scoutfs.item.XattrTotal;
import org.scoutfs.lock.LockClient;
import org.scoutfs.lsm.Cursor;
import org.scoutfs.net.LockMode;
import org.scoutfs.net.LockName;
import org.scoutfs.txn.Transaction;
import org.scoutfs.txn.Transactions;

/**
 * The quota rules, and what they refuse. The file system counts nothing for them: who wants quotas keeps totals in xattrs, and a rule says
 * before which operation which total is compared with which limit.
 * <ol>
 *   <li>The rules that this node keeps in memory are those of the volume as long as it holds their lock, for reading at least; who
 *       changes them has it for writing. So an operation that begins after a change obeys it, on every node.
 *   <li>Totals are those of the newest version that this node knows, and no lock covers them: a limit is passed by what is done before
 *       the commit that says so.
 * </ol>
 *
 * <p>Thread-safe. {@code mutex} orders reading the rules and changing them on this node; under it items are read.
 */
final class Quota {
    private static final LockName LOCK = new LockName(LockName.Kind.RULES, 0);
    private static final int ANSWERS_MAX = 4096;

    private final Core core;
    private final ReentrantLock mutex = new ReentrantLock();
    /** Null while they are not known. */
    private volatile @Nullable Rules known;

    Quota(Core core) {
        this.core = core;
    }

    /** A rule and its place in the list. */
    record Listed(long hash, long index, QuotaRule rule) {}

    /** Who does what, as far as rules ask. */
    private record Who(int operation, long project, int uid, int gid) {
        long value(QuotaRule.Name name) {
            return switch (name.source()) {
                case QuotaRule.PROJECT -> project;
                case QuotaRule.UID -> Integer.toUnsignedLong(uid);
                case QuotaRule.GID -> Integer.toUnsignedLong(gid);
                default -> name.value();
            };
        }

        boolean fits(QuotaRule rule) {
            return rule.operation() == operation
                    && rule.names().stream().allMatch(name -> !name.isSelecting() || value(name) == name.value());
        }
    }

    /** Which rule decides, and what it said at a version. */
    private record Answer(@Nullable QuotaRule rule, long versionNumber, boolean isOver) {}

    private static final class Rules {
        final List<Listed> listed;
        /** The one that decides first. */
        final List<QuotaRule> byWeight;

        final Map<Who, Answer> answers = new ConcurrentHashMap<>();

        Rules(List<Listed> listed) {
            this.listed = listed;
            byWeight = listed.stream().map(Listed::rule).sorted(Comparator.reverseOrder()).toList();
        }
    }

    // ---- what operations ask

    /** Before an operation takes its locks: reads the rules where they are not known. */
    void prepare() throws FsException, MustWait, IOException {
        if (known == null) {
            Rules _ = read();
        }
    }

    /** Whether an inode may be made in a directory. */
    void checkInode(Inode parent, int uid, int gid) throws FsException, MustWait, IOException {
        check(QuotaRule.INODE, parent.item.projectId, uid, gid);
    }

    /** Whether a file may be written to. */
    void checkData(Inode inode) throws FsException, MustWait, IOException {
        InodeItem item = inode.item;
        check(QuotaRule.DATA, item.projectId, item.uid, item.gid);
    }

    private void check(int operation, long project, int uid, int gid) throws FsException, MustWait, IOException {
        Rules rules = known;
        if (rules == null) {
            throw MustWait.on(CompletableFuture.completedFuture(null)); // forgotten since the operation began, which begins anew
        }
        if (rules.listed.isEmpty()) {
            return;
        }
        Who who = new Who(operation, project, uid, gid);
        Answer answer = rules.answers.get(who);
        if (answer != null && answer.rule == null) {
            return;
        }
        try (Transactions.PublishedView view = core.transactions.published()) {
            if (answer == null || answer.versionNumber != view.number()) {
                answer = answer(rules, who, view);
                if (rules.answers.size() >= ANSWERS_MAX) {
                    rules.answers.clear();
                }
                rules.answers.put(who, answer);
            }
        }
        if (answer.isOver) {
            throw FsException.of(Errno.EDQUOT);
        }
    }

    private static Answer answer(Rules rules, Who who, Transactions.PublishedView view) throws IOException {
        for (QuotaRule rule : rules.byWeight) {
            if (who.fits(rule)) {
                return new Answer(rule, view.number(), isOver(rule, who, view));
            }
        }
        return new Answer(null, 0, false);
    }

    private static boolean isOver(QuotaRule rule, Who who, Transactions.PublishedView view) throws IOException {
        List<QuotaRule.Name> names = rule.names();
        byte[] key = XattrIndexKeys.total(who.value(names.get(0)), who.value(names.get(1)), who.value(names.get(2)));
        byte[] value = view.get(key);
        if (value == null) {
            return false; // no total, no limit
        }
        XattrTotal total = XattrTotal.decode(key, value);
        long used = (rule.flags() & QuotaRule.COUNT) != 0 ? total.count() : total.total();
        return Long.compareUnsigned(used, rule.limit()) >= 0;
    }

    // ---- the rules

    /** The lock goes to another node. */
    void forget() {
        known = null;
    }

    private Rules read() throws FsException, MustWait, IOException {
        try (LockClient.Use _ = core.locks.acquire(LOCK, LockMode.READ)) {
            mutex.lock();
            try {
                Rules rules = known;
                if (rules == null) {
                    rules = new Rules(scan());
                    known = rules;
                }
                return rules;
            } finally {
                mutex.unlock();
            }
        }
    }

    private List<Listed> scan() throws IOException {
        List<Listed> listed = new ArrayList<>();
        try (Cursor cursor = core.transactions.view().scan(QuotaRuleItem.key(0), QuotaRuleItem.key(-1))) {
            while (cursor.next()) {
                long index = 0;
                for (QuotaRule rule : QuotaRuleItem.decode(cursor.key(), cursor.value())) {
                    listed.add(new Listed(QuotaRuleItem.hash(cursor.key()), index++, rule));
                }
            }
        }
        return listed;
    }

    /** The rules from a place on, in the order of their hashes. */
    List<Listed> list(long fromHash, long fromIndex, int max) throws FsException, MustWait, IOException {
        return read().listed.stream()
                .filter(one -> {
                    int order = Long.compareUnsigned(one.hash, fromHash);
                    return order > 0 || (order == 0 && Long.compareUnsigned(one.index, fromIndex) >= 0);
                })
                .limit(max)
                .toList();
    }

    /** {@code EEXIST} where it is there already. */
    void add(QuotaRule rule) throws FsException, MustWait, IOException {
        change(rule, true);
    }

    /** {@code ENOENT} where it is not there. */
    void remove(QuotaRule rule) throws FsException, MustWait, IOException {
        change(rule, false);
    }

    private void change(QuotaRule rule, boolean isAdded) throws FsException, MustWait, IOException {
        core.refuseIfReadOnly();
        if (!rule.isValid()) {
            throw FsException.of(Errno.EINVAL);
        }
        byte[] key = QuotaRuleItem.key(QuotaRuleItem.hash(rule));
        try (LockClient.Use _ = core.locks.acquire(LOCK, LockMode.WRITE)) {
            mutex.lock();
            try {
                byte[] old = core.transactions.view().get(key);
                List<QuotaRule> rules = new ArrayList<>(old == null ? List.of() : QuotaRuleItem.decode(key, old));
                if (isAdded == rules.contains(rule)) {
                    throw FsException.of(isAdded ? Errno.EEXIST : Errno.ENOENT);
                }
                if (isAdded && rules.size() == QuotaRuleItem.RULES_MAX) {
                    throw FsException.of(Errno.ENOSPC);
                }
                long bytes = Keys.SIZE + (rules.size() + 1L) * QuotaRule.SIZE;
                try (Transaction txn = isAdded ? core.begin(bytes) : core.beginShrinking(bytes)) {
                    boolean _ = isAdded ? rules.add(rule) : rules.remove(rule);
                    if (rules.isEmpty()) {
                        txn.delete(key);
                    } else {
                        txn.put(key, QuotaRuleItem.encode(rules));
                    }
                    known = null;
                }
            } finally {
                mutex.unlock();
            }
        }
    }
}
