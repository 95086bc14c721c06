package org.scoutfs.fs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads the caller's capabilities from {@code /proc}. A caller that cannot be looked at has none. */
public final class ProcPrivileges implements CallerPrivileges {
    private static final String EFFECTIVE = "CapEff:";
    private static final int CAP_SYS_ADMIN = 21;
    private static final int HEX = 16;

    @Override
    public boolean isAdministrator(Request request) {
        if (request.pid() <= 0) {
            return false;
        }
        try {
            for (String line : Files.readAllLines(Path.of("/proc", Integer.toString(request.pid()), "status"))) {
                if (line.startsWith(EFFECTIVE)) {
                    long capabilities = Long.parseUnsignedLong(line.substring(EFFECTIVE.length()).strip(), HEX);
                    return (capabilities >>> CAP_SYS_ADMIN & 1) != 0;
                }
            }
        } catch (IOException | NumberFormatException e) {
            return false;
        }
        return false;
    }
}
