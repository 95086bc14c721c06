package org.scoutfs.check;

import java.io.IOException;
import java.util.List;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.check.Problem.Kind;
import org.scoutfs.format.ioctl.QuotaRule;
import org.scoutfs.item.IndexKeys;
import org.scoutfs.item.Keys;
import org.scoutfs.item.OrphanItem;
import org.scoutfs.item.QuotaRuleItem;
import org.scoutfs.item.XattrIndexKeys;
import org.scoutfs.item.XattrTotal;
import org.scoutfs.lsm.Cursor;
import org.scoutfs.lsm.ItemReader;

/**
 * One pass over all items in key order: takes the indexes and orphans as facts, and hands the items of each inode to an
 * {@link InodeCheck}, with the checksums of its blocks beside them.
 *
 * <p>Damage that a cursor meets ends its zone: what follows it cannot be known. It is reported, and the pass goes on with the next
 * zone.
 */
final class ItemWalk {
    private static final byte[] NO_KEY_BEFORE = Keys.of(0, 0, 0, 0, 0, 0);
    private static final int ITEMS_PER_STEP = 4096;

    private final ItemReader items;
    private final InodeSink sink;
    private final Findings findings;
    private final Progress progress;
    private long itemCount;

    /** Is told how far the pass is. */
    interface Progress {
        void items(long count);
    }

    /** Takes the items of inodes. */
    interface InodeSink {
        void index(Fact fact);

        /** Something that is said elsewhere so many times. */
        void sum(Fact fact, long times);

        /** An item of zone FS, in key order. */
        void item(byte[] key, byte[] value) throws IOException;

        /** All items were there. */
        void end() throws IOException;
    }

    ItemWalk(ItemReader items, InodeSink sink, Findings findings, Progress progress) {
        this.items = items;
        this.sink = sink;
        this.findings = findings;
        this.progress = progress;
    }

    void run() {
        zone("items before the first zone", 0, 0, this::unknown);
        zone("index items", Keys.Zone.INODE_INDEX, Keys.Zone.INODE_INDEX, this::index);
        zone("index items of xattrs", Keys.Zone.XATTR_INDEX, Keys.Zone.XATTR_INDEX, this::place);
        zone("orphan items", Keys.Zone.ORPHAN, Keys.Zone.ORPHAN, this::orphan);
        zone("quota rules", Keys.Zone.VOLUME, Keys.Zone.VOLUME, this::rule);
        zone("inodes' items", Keys.Zone.FS, Keys.Zone.FS, sink::item);
        zone("totals of xattrs", Keys.Zone.XATTR_TOTAL, Keys.Zone.XATTR_TOTAL, this::total);
        zone("search items", Keys.Zone.XATTR_SEARCH, Keys.Zone.XATTR_SEARCH, this::search);
        zone("items after the last zone", Keys.Zone.XATTR_SEARCH + 1, 255, this::unknown);
        try {
            sink.end();
        } catch (IOException damaged) {
            findings.add(Kind.ITEM, "the last inode", String.valueOf(damaged.getMessage()));
        }
        progress.items(itemCount);
    }

    private interface Visitor {
        void visit(byte[] key, byte[] value) throws IOException;
    }

    private void zone(String name, int first, int last, Visitor visitor) {
        byte[] from = Keys.of(first, 0, 0, 0, 0, 0);
        byte[] to = Keys.of(last, -1, 255, -1, -1, 255);
        byte[] key = NO_KEY_BEFORE;
        try (Cursor cursor = items.scan(from, to)) {
            while (cursor.next()) {
                key = cursor.key();
                if (++itemCount % ITEMS_PER_STEP == 0) {
                    progress.items(itemCount);
                }
                if (key.length == Keys.SIZE) {
                    visit(visitor, key, cursor.value());
                } else {
                    findings.add(Kind.ITEM, Keys.toString(key), "keys have " + Keys.SIZE + " bytes");
                }
            }
        } catch (IOException damaged) {
            findings.add(Kind.SEGMENT, name + " after key " + Keys.toString(key), String.valueOf(damaged.getMessage()));
        }
    }

    /** Damage of one item does not end the pass; of a segment it does. */
    private void visit(Visitor visitor, byte[] key, byte[] value) throws IOException {
        try {
            visitor.visit(key, value);
        } catch (CorruptionException damaged) {
            findings.add(Kind.ITEM, "item " + Keys.toString(key), String.valueOf(damaged.getMessage()));
        }
    }

    private void unknown(byte[] key, byte[] value) {
        findings.add(Kind.ITEM, "item " + Keys.toString(key), "there is no such zone");
    }

    private void index(byte[] key, byte[] value) {
        boolean isMeta = Keys.type(key) == Keys.Type.META_SEQ;
        boolean isKnown = isMeta || Keys.type(key) == Keys.Type.DATA_SEQ;
        if (!isKnown || Keys.first(key) != 0 || Keys.fourth(key) != 0 || value.length != 0) {
            findings.add(Kind.ITEM, "index item " + Keys.toString(key), "is none, with a value of " + value.length + " bytes");
            return;
        }
        sink.index(new Fact(
                isMeta ? Fact.Relation.META_SEQ : Fact.Relation.DATA_SEQ, IndexKeys.seq(key), IndexKeys.ino(key), 0, 0));
    }

    private void orphan(byte[] key, byte[] value) {
        int type = Keys.type(key);
        boolean isKnown = type == Keys.Type.ORPHAN || type == Keys.Type.TRUNCATE;
        if (!isKnown || Keys.first(key) != 0 || Keys.third(key) != 0 || Keys.fourth(key) != 0 || value.length != 0) {
            findings.add(Kind.ITEM, "orphan item " + Keys.toString(key), "is none, with a value of " + value.length + " bytes");
            return;
        }
        Fact.Relation relation = OrphanItem.isTruncate(key) ? Fact.Relation.TRUNCATE : Fact.Relation.ORPHAN;
        sink.index(new Fact(relation, OrphanItem.ino(key), 0, 0, 0));
    }

    private void rule(byte[] key, byte[] value) throws CorruptionException {
        boolean isRule = Keys.type(key) == Keys.Type.QUOTA_RULE;
        if (!isRule || Keys.first(key) != 0 || Keys.third(key) != 0 || Keys.fourth(key) != 0) {
            findings.add(Kind.ITEM, "item " + Keys.toString(key), "is no quota rule");
            return;
        }
        List<QuotaRule> ignored = QuotaRuleItem.decode(key, value);
    }

    private void place(byte[] key, byte[] value) throws CorruptionException {
        if (Keys.type(key) != Keys.Type.XATTR_SORTED || Keys.fourth(key) != 0) {
            findings.add(Kind.ITEM, "index item " + Keys.toString(key), "is no place of an xattr");
            return;
        }
        sink.sum(
                new Fact(Fact.Relation.XATTR_PLACE, Keys.first(key), Keys.second(key), XattrIndexKeys.ino(key), 0),
                XattrIndexKeys.sortedCount(key, value));
    }

    private void total(byte[] key, byte[] value) throws CorruptionException {
        if (Keys.type(key) != Keys.Type.XATTR_TOTAL || Keys.fourth(key) != 0) {
            findings.add(Kind.ITEM, "item " + Keys.toString(key), "is no total");
            return;
        }
        XattrTotal total = XattrTotal.decode(key, value);
        long first = Keys.first(key);
        long second = Keys.second(key);
        long third = Keys.third(key);
        sink.sum(new Fact(Fact.Relation.TOTAL_SUM, first, second, third, 0), total.total());
        sink.sum(new Fact(Fact.Relation.TOTAL_COUNT, first, second, third, 0), total.count());
    }

    private void search(byte[] key, byte[] value) {
        if (Keys.type(key) != Keys.Type.XATTR_SEARCH || Keys.fourth(key) != 0 || value.length != 0) {
            findings.add(Kind.ITEM, "search item " + Keys.toString(key), "is none, with a value of " + value.length + " bytes");
            return;
        }
        sink.index(new Fact(Fact.Relation.XATTR_SEARCH, Keys.first(key), XattrIndexKeys.ino(key), Keys.third(key), 0));
    }
}
