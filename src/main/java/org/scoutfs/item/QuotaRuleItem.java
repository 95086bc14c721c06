package org.scoutfs.item;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.format.ioctl.QuotaRule;

/** Quota rules by the hash of their bytes; those of one hash, nearly always one, are in one item. docs/format.md, "Quota rule items". */
public final class QuotaRuleItem {
    /** More of one hash are refused. */
    public static final int RULES_MAX = 64;

    private QuotaRuleItem() {}

    public static long hash(QuotaRule rule) {
        return NameHash.of(rule.encode());
    }

    public static byte[] key(long hash) {
        return Keys.of(Keys.Zone.VOLUME, 0, Keys.Type.QUOTA_RULE, hash, 0, 0);
    }

    public static long hash(byte[] key) {
        return Keys.second(key);
    }

    public static byte[] encode(List<QuotaRule> rules) {
        byte[] value = new byte[rules.size() * QuotaRule.SIZE];
        for (int i = 0; i < rules.size(); i++) {
            System.arraycopy(rules.get(i).encode(), 0, value, i * QuotaRule.SIZE, QuotaRule.SIZE);
        }
        return value;
    }

    public static List<QuotaRule> decode(byte[] key, byte[] value) throws CorruptionException {
        boolean isWhole = value.length > 0 && value.length % QuotaRule.SIZE == 0;
        List<QuotaRule> rules = new ArrayList<>();
        for (int at = 0; isWhole && at < value.length; at += QuotaRule.SIZE) {
            QuotaRule rule = QuotaRule.decode(MemorySegment.ofArray(value), at);
            isWhole = rule.isValid() && hash(rule) == hash(key);
            rules.add(rule);
        }
        if (!isWhole) {
            throw CorruptionException.of(
                    "quota rule item " + Keys.toString(key), "rules with this hash", value.length + " other bytes");
        }
        return rules;
    }
}
