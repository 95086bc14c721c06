package org.scoutfs.fuse;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.Locale;
import org.scoutfs.base.Counters;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.format.ioctl.CountersRequest;
import org.scoutfs.format.ioctl.IoctlCommand;
import org.scoutfs.fs.archive.CounterPages;
import org.scoutfs.fuse.FuseOptions.Uring;

/**
 * Mounts the {@link NullFileSystem}, for benchmarks: {@code NullMount SOURCE DIR [on|off|auto] [writeback]}. It takes the
 * options that a mount of a volume takes, tells {@code scoutfs counters} how many requests of each kind came, and ends with
 * umount.
 */
public final class NullMount {
    private static final Logger LOG = System.getLogger("org.scoutfs.fuse");

    private NullMount() {}

    public static void main(String[] args) throws IOException, InterruptedException {
        FuseOptions.Builder options = FuseOptions.alone(args[0], Path.of(args[1]).toRealPath());
        for (int i = 2; i < args.length; i++) {
            options = args[i].equals("writeback")
                    ? options.writeback(true)
                    : options.uring(Uring.valueOf(args[i].toUpperCase(Locale.ROOT)));
        }
        Counters counters = new Counters();
        FuseMount mount = FuseMount.start(
                options.build(),
                new NullFileSystem(),
                (request, ino, handle, isDirectory, command, argument, in, outSize, caller) -> {
                    if (command == IoctlCommand.COUNTERS) {
                        return CounterPages.reply(counters.all(), CountersRequest.decode(in), caller);
                    }
                    throw FsException.of(Errno.ENOTTY);
                },
                new FuseHooks() {
                    @Override
                    public void lastCommit() {}

                    @Override
                    public void failed(Throwable cause) {
                        LOG.log(Level.ERROR, "the null file system failed", cause);
                    }
                });
        counters.addSource(mount::counters);
        mount.awaitEnd();
    }
}
