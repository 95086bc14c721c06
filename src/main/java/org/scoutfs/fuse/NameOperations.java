package org.scoutfs.fuse;

import java.io.IOException;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.fs.Attributes;
import org.scoutfs.fs.FileSystem;
import org.scoutfs.fuse.wire.Arguments;
import org.scoutfs.fuse.wire.Replies;
import org.scoutfs.fuse.wire.Requests;
import org.scoutfs.fuse.wire.Timeouts;
import org.scoutfs.fuse.wire.Wire;

/** Requests about names: each unpacks its arguments, makes one call, and packs the answer. */
final class NameOperations {
    private static final int DIRECTORY_TYPE = 0x4000;

    private final FileSystem fileSystem;
    private final Timeouts timeouts;

    NameOperations(FileSystem fileSystem, Timeouts timeouts) {
        this.fileSystem = fileSystem;
        this.timeouts = timeouts;
    }

    int lookup(Exchange x, Arguments arguments) throws FsException, MustWait, IOException {
        byte[] name = arguments.name();
        Attributes found;
        try {
            found = fileSystem.lookup(x.request(), x.ino(), name);
        } catch (FsException answer) {
            if (answer.errno() == Errno.ENOENT && timeouts.negativeNanos() > 0) {
                return Replies.noEntry(x.memory, x.replyOffset(), timeouts.negativeNanos());
            }
            throw answer;
        }
        return entry(x, found);
    }

    int mknod(Exchange x, Arguments arguments) throws FsException, MustWait, IOException {
        return entry(
                x,
                fileSystem.mknod(
                        x.request(),
                        x.ino(),
                        arguments.name(),
                        x.u32(Requests.MKNOD_MODE),
                        x.u32(Requests.MKNOD_RDEV),
                        x.u32(Requests.MKNOD_UMASK)));
    }

    int mkdir(Exchange x, Arguments arguments) throws FsException, MustWait, IOException {
        int mode = x.u32(Requests.MKDIR_MODE) | DIRECTORY_TYPE;
        return entry(
                x,
                fileSystem.mkdir(x.request(), x.ino(), arguments.name(), mode, x.u32(Requests.MKDIR_UMASK)));
    }

    int symlink(Exchange x, Arguments arguments) throws FsException, MustWait, IOException {
        byte[] name = arguments.name();
        byte[] target = arguments.string();
        return entry(x, fileSystem.symlink(x.request(), x.ino(), name, target));
    }

    int link(Exchange x, Arguments arguments) throws FsException, MustWait, IOException {
        Attributes linked = fileSystem.link(
                x.request(), Wire.ino(x.u64(Requests.LINK_OLD_NODE_ID)), x.ino(), arguments.name());
        // The kernel takes these attributes even where it was told, in between, that they are out of date. So it must ask again.
        return Replies.entry(x.memory, x.replyOffset(), linked, timeouts.entryNanos(), 0);
    }

    int unlink(Exchange x, Arguments arguments) throws FsException, MustWait, IOException {
        fileSystem.unlink(x.request(), x.ino(), arguments.name());
        return 0;
    }

    int rmdir(Exchange x, Arguments arguments) throws FsException, MustWait, IOException {
        fileSystem.rmdir(x.request(), x.ino(), arguments.name());
        return 0;
    }

    int rename(Exchange x, Arguments arguments, int flags) throws FsException, MustWait, IOException {
        byte[] oldName = arguments.name();
        byte[] newName = arguments.name();
        long newDirectory = Wire.ino(x.u64(Requests.RENAME_NEW_DIRECTORY));
        fileSystem.rename(x.request(), x.ino(), oldName, newDirectory, newName, flags);
        return 0;
    }

    int readlink(Exchange x) throws FsException, MustWait, IOException {
        byte[] target = fileSystem.readlink(x.request(), x.ino());
        return Replies.bytes(x.memory, x.replyOffset(), target);
    }

    private int entry(Exchange x, Attributes attributes) {
        return Replies.entry(
                x.memory, x.replyOffset(), attributes, timeouts.entryNanos(), timeouts.attributeNanos());
    }
}
