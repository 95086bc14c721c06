package org.scoutfs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SizesTest {
    @Test
    void countWithSize() {
        assertThat(Sizes.countWithSize(163840, 65536)).isEqualTo("163840 (10.00 GB)");
        assertThat(Sizes.countWithSize(5242880, 4096)).isEqualTo("5242880 (20.00 GB)");
        assertThat(Sizes.countWithSize(0, 4096)).isEqualTo("0 (0.00 B)");
    }

    @Test
    void sizeOnly() {
        assertThat(Sizes.sizeOnly(1023, 1)).isEqualTo("1023.00B");
        assertThat(Sizes.sizeOnly(1024, 1)).isEqualTo("1.00KB");
        assertThat(Sizes.sizeOnly(1536, 1024)).isEqualTo("1.50MB");
        assertThat(Sizes.sizeOnly(1L << 40, 4096)).isEqualTo("4.00PB");
        assertThat(Sizes.sizeOnly(1077, 1)).isEqualTo("1.05KB");
    }
}
