package org.scoutfs.fuse.wire;

/** The requests of the kernel, and how long the fixed part of each is. */
public final class Opcode {
    public static final int LOOKUP = 1;
    public static final int FORGET = 2;
    public static final int GETATTR = 3;
    public static final int SETATTR = 4;
    public static final int READLINK = 5;
    public static final int SYMLINK = 6;
    public static final int MKNOD = 8;
    public static final int MKDIR = 9;
    public static final int UNLINK = 10;
    public static final int RMDIR = 11;
    public static final int RENAME = 12;
    public static final int LINK = 13;
    public static final int OPEN = 14;
    public static final int READ = 15;
    public static final int WRITE = 16;
    public static final int STATFS = 17;
    public static final int RELEASE = 18;
    public static final int FSYNC = 20;
    public static final int SETXATTR = 21;
    public static final int GETXATTR = 22;
    public static final int LISTXATTR = 23;
    public static final int REMOVEXATTR = 24;
    public static final int FLUSH = 25;
    public static final int INIT = 26;
    public static final int OPENDIR = 27;
    public static final int READDIR = 28;
    public static final int RELEASEDIR = 29;
    public static final int FSYNCDIR = 30;
    public static final int GETLK = 31;
    public static final int SETLK = 32;
    public static final int SETLKW = 33;
    public static final int ACCESS = 34;
    public static final int CREATE = 35;
    public static final int INTERRUPT = 36;
    public static final int BMAP = 37;
    public static final int DESTROY = 38;
    public static final int IOCTL = 39;
    public static final int POLL = 40;
    public static final int NOTIFY_REPLY = 41;
    public static final int BATCH_FORGET = 42;
    public static final int FALLOCATE = 43;
    public static final int READDIRPLUS = 44;
    public static final int RENAME2 = 45;
    public static final int LSEEK = 46;
    public static final int COPY_FILE_RANGE = 47;
    public static final int SYNCFS = 50;
    public static final int TMPFILE = 51;
    public static final int STATX = 52;
    public static final int COPY_FILE_RANGE_64 = 53;

    /** One more than the highest number that this program knows. */
    public static final int COUNT = 54;

    private static final String[] NAMES = new String[COUNT];
    private static final int[] FIXED_SIZES = new int[COUNT];

    static {
        define(LOOKUP, "lookup", 0);
        define(FORGET, "forget", Requests.FORGET_SIZE);
        define(GETATTR, "getattr", Requests.GETATTR_SIZE);
        define(SETATTR, "setattr", Requests.SETATTR_SIZE);
        define(READLINK, "readlink", 0);
        define(SYMLINK, "symlink", 0);
        define(MKNOD, "mknod", Requests.MKNOD_SIZE);
        define(MKDIR, "mkdir", Requests.MKDIR_SIZE);
        define(UNLINK, "unlink", 0);
        define(RMDIR, "rmdir", 0);
        define(RENAME, "rename", Requests.RENAME_SIZE);
        define(LINK, "link", Requests.LINK_SIZE);
        define(OPEN, "open", Requests.OPEN_SIZE);
        define(READ, "read", Requests.READ_SIZE);
        define(WRITE, "write", Requests.WRITE_SIZE);
        define(STATFS, "statfs", 0);
        define(RELEASE, "release", Requests.RELEASE_SIZE);
        define(FSYNC, "fsync", Requests.FSYNC_SIZE);
        define(SETXATTR, "setxattr", Requests.SETXATTR_SIZE);
        define(GETXATTR, "getxattr", Requests.GETXATTR_SIZE);
        define(LISTXATTR, "listxattr", Requests.GETXATTR_SIZE);
        define(REMOVEXATTR, "removexattr", 0);
        define(FLUSH, "flush", Requests.FLUSH_SIZE);
        define(INIT, "init", Init.REQUEST_SIZE_MIN);
        define(OPENDIR, "opendir", Requests.OPEN_SIZE);
        define(READDIR, "readdir", Requests.READ_SIZE);
        define(RELEASEDIR, "releasedir", Requests.RELEASE_SIZE);
        define(FSYNCDIR, "fsyncdir", Requests.FSYNC_SIZE);
        define(GETLK, "getlk", Requests.LK_SIZE);
        define(SETLK, "setlk", Requests.LK_SIZE);
        define(SETLKW, "setlkw", Requests.LK_SIZE);
        define(ACCESS, "access", 8);
        define(CREATE, "create", Requests.CREATE_SIZE);
        define(INTERRUPT, "interrupt", Requests.INTERRUPT_SIZE);
        define(BMAP, "bmap", 16);
        define(DESTROY, "destroy", 0);
        define(IOCTL, "ioctl", Requests.IOCTL_SIZE);
        define(POLL, "poll", 24);
        define(NOTIFY_REPLY, "notify_reply", 40);
        define(BATCH_FORGET, "batch_forget", Requests.BATCH_FORGET_SIZE);
        define(FALLOCATE, "fallocate", Requests.FALLOCATE_SIZE);
        define(READDIRPLUS, "readdirplus", Requests.READ_SIZE);
        define(RENAME2, "rename2", Requests.RENAME2_SIZE);
        define(LSEEK, "lseek", Requests.LSEEK_SIZE);
        define(COPY_FILE_RANGE, "copy_file_range", Requests.COPY_FILE_RANGE_SIZE);
        define(SYNCFS, "syncfs", 0);
        define(TMPFILE, "tmpfile", Requests.CREATE_SIZE);
        define(STATX, "statx", Requests.STATX_SIZE);
        define(COPY_FILE_RANGE_64, "copy_file_range_64", Requests.COPY_FILE_RANGE_SIZE);
    }

    private Opcode() {}

    private static void define(int opcode, String name, int fixedSize) {
        NAMES[opcode] = name;
        FIXED_SIZES[opcode] = fixedSize;
    }

    public static boolean isKnown(int opcode) {
        return opcode > 0 && opcode < COUNT && NAMES[opcode] != null;
    }

    /** Bytes of the part before names and data; 0 for an unknown request. */
    public static int fixedSize(int opcode) {
        return isKnown(opcode) ? FIXED_SIZES[opcode] : 0;
    }

    /** In lower case, for counters and messages. */
    public static String name(int opcode) {
        return isKnown(opcode) ? NAMES[opcode] : "request_" + opcode;
    }
}
