package org.scoutfs.cli;

import org.jspecify.annotations.Nullable;
import org.scoutfs.format.VolumeLayout;

/** What this program calls itself. */
final class Version {
    /** The format versions that it can mount. */
    static final String FORMATS = "" + VolumeLayout.FORMAT_VERSION;

    private Version() {}

    /** From the jar's manifest. */
    static String text() {
        @Nullable String version = Version.class.getPackage().getImplementationVersion();
        return "scoutfs " + (version == null ? "(not from a jar)" : version);
    }
}
