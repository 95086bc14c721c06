package org.scoutfs.item;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;

/** The grammar of tagged names: what each says, and what is none. */
class XattrTagsTest {
    @ParameterizedTest
    @CsvSource({
        "scoutfs.hide.a, 1, 0, 0, 0",
        "scoutfs.hide.srch., 5, 0, 0, 0",
        "scoutfs.srch.hide.x.hide.y, 5, 0, 0, 0",
        "scoutfs.totl.1.2.3, 8, 1, 2, 3",
        "scoutfs.totl.owner.1.2.3, 8, 1, 2, 3",
        "scoutfs.totl.9.9.1.2.3, 8, 1, 2, 3",
        "scoutfs.totl...1.2.3, 8, 1, 2, 3",
        "scoutfs.totl.0x10.010.0, 8, 16, 8, 0",
        "scoutfs.totl.0XfF.00.18446744073709551615, 8, 255, 0, -1",
        "scoutfs.hide.srch.totl.t.1.2.3, 13, 1, 2, 3",
        "scoutfs.totl.hide.1.2.3, 9, 1, 2, 3",
        "scoutfs.indx.1.2, 2, 1, 2, 0",
        "scoutfs.indx.srch.hide.q.255.0xffffffffffffffff, 7, 255, -1, 0",
        "scoutfs.indx.7.1.2, 2, 1, 2, 0",
        "scoutfs.totl.00000000000000000000001.2.3, 8, 1, 2, 3"
    })
    void says(String name, int bits, long first, long second, long third) throws FsException {
        assertThat(XattrTags.of(bytes(name))).isEqualTo(new XattrTags(bits, first, second, third));
        assertThat(XattrTags.bits(bytes(name))).isEqualTo(bits);
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "scoutfs.", "scoutfs.a", "scoutfs.abcdefgh", "scoutfs.hide.", "scoutfs.srch.", "scoutfs.hidex.abc",
        "scoutfs.hide.hide.abc", "scoutfs.hide.srch.hide.a", "scoutfs.totl.indx.1.2.3", "scoutfs.indx.totl.1.2.3",
        "scoutfs.totl.1.2", "scoutfs.totl.a.1.2", "scoutfs.totl.1.2.", "scoutfs.totl.1..3", "scoutfs.totl.a1.2.3", "scoutfs.totl.1.2.3.",
        "scoutfs.totl.+1.2.3", "scoutfs.totl.-1.2.3", "scoutfs.totl. 1.2.3", "scoutfs.totl.1.2.3 ", "scoutfs.totl.08.2.3",
        "scoutfs.totl.0x.2.3", "scoutfs.totl.0xg.2.3", "scoutfs.totl.1.2.18446744073709551616", "scoutfs.totl.1.2.3\n",
        "scoutfs.totl.000000000000000000000001.2.3", "scoutfs.indx.256.1", "scoutfs.indx.1.", "scoutfs.indx.abcd",
        "scoutfs.indx.1.18446744073709551616", "scoutfs.hide.totl.1", "scoutfs.totl.1.2.３"
    })
    void isNone(String name) {
        assertThatThrownBy(() -> XattrTags.of(bytes(name)))
                .isInstanceOfSatisfying(FsException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));
        assertThat(XattrTags.ofStored(bytes(name))).isNull();
    }

    @Test
    void otherFamiliesHaveNoTags() throws FsException {
        assertThat(XattrTags.of(bytes("user.hide.totl"))).isEqualTo(new XattrTags(0, 0, 0, 0));
        assertThat(XattrTags.isFamily(bytes("scoutfs"))).isFalse();
    }

    @Test
    void valuesThatATotalTakes() throws FsException {
        XattrTags total = XattrTags.of(bytes("scoutfs.totl.1.2.3"));
        for (String good : new String[] {"0", "1", "0x1F", "017", "18446744073709551615", "00000000000000000000000"}) {
            total.checkValue(bytes(good));
        }
        for (String bad : new String[] {"", "-1", "+1", "1 ", "1\n", "a", "18446744073709551616", "000000000000000000000000"}) {
            assertThatThrownBy(() -> total.checkValue(bytes(bad))).as(bad).isInstanceOf(FsException.class);
            assertThat(XattrTags.summand(bytes(bad))).as(bad).isEqualTo(XattrTotal.NOTHING);
        }
        assertThat(XattrTags.summand(bytes("0x1F"))).isEqualTo(new XattrTotal(31, 1));
        XattrTags place = XattrTags.of(bytes("scoutfs.indx.1.2"));
        place.checkValue(new byte[0]);
        assertThatThrownBy(() -> place.checkValue(new byte[1])).isInstanceOf(FsException.class);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
