package org.scoutfs.node;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import org.scoutfs.sys.Mounts;

/**
 * Cleans up after mounts whose process was killed: their mount points are still there, every access to them fails with ENOTCONN, and
 * they hold their device. Also tells of mounts that live.
 */
final class DeadMounts {
    private static final Logger LOG = System.getLogger("org.scoutfs.node");

    private final MountRegistry registry;

    DeadMounts(MountRegistry registry) {
        this.registry = registry;
    }

    /**
     * Detaches dead mounts on this directory and of this source, wherever they are.
     *
     * @return what is wrong when a mount that lives is in the way, else the empty text
     */
    String clean(Path mountPoint, Path source) throws IOException {
        for (Mounts.MountPoint mounted : Mounts.list()) {
            boolean isOurs = mounted.type().endsWith(".scoutfs");
            boolean isHere = mounted.path().equals(mountPoint);
            if (!isOurs || !isHere && !isSame(mounted.source(), source)) {
                continue;
            }
            if (isAlive(mounted.path())) {
                return mounted.source() + " is mounted on " + mounted.path();
            }
            LOG.log(Level.INFO, "detaching the dead mount of " + mounted.source() + " on " + mounted.path());
            Mounts.unmount(mounted.path(), Mounts.MNT_DETACH | Mounts.UMOUNT_NOFOLLOW);
        }
        for (MountRegistry.Entry entry : registry.entries()) {
            if (!entry.isAlive()) {
                registry.remove(entry);
            }
        }
        return "";
    }

    /** A plain file's mounts show their loop device, which nobody else can use: only block devices are compared. */
    private static boolean isSame(String mountedSource, Path source) {
        try {
            return Files.isSameFile(Path.of(mountedSource), source);
        } catch (IOException gone) {
            return false;
        }
    }

    /** By its process where that is known; else by asking the mount, which answers at once when it is dead. */
    private boolean isAlive(Path mountPoint) throws IOException {
        MountRegistry.Entry entry = registry.find(mountPoint);
        if (entry != null) {
            return entry.isAlive();
        }
        try {
            return Files.getFileStore(mountPoint).getTotalSpace() >= 0;
        } catch (IOException dead) {
            return false;
        }
    }
}
