package org.scoutfs.fuse.wire;

/** The fields of the fixed part of each request, as offsets into it. */
public final class Requests {
    public static final int FORGET_COUNT = 0; // u64
    public static final int FORGET_SIZE = 8;

    public static final int BATCH_FORGET_COUNT = 0; // u32
    public static final int BATCH_FORGET_SIZE = 8;
    public static final int FORGET_ONE_NODE_ID = 0; // u64
    public static final int FORGET_ONE_COUNT = 8; // u64
    public static final int FORGET_ONE_SIZE = 16;

    public static final int GETATTR_SIZE = 16;
    public static final int STATX_SIZE = 24;

    public static final int SETATTR_VALID = 0; // u32
    public static final int SETATTR_FILE_SIZE = 16; // u64
    public static final int SETATTR_ATIME = 32; // u64
    public static final int SETATTR_MTIME = 40; // u64
    public static final int SETATTR_CTIME = 48; // u64
    public static final int SETATTR_ATIME_NANOS = 56; // u32
    public static final int SETATTR_MTIME_NANOS = 60; // u32
    public static final int SETATTR_CTIME_NANOS = 64; // u32
    public static final int SETATTR_MODE = 68; // u32
    public static final int SETATTR_UID = 76; // u32
    public static final int SETATTR_GID = 80; // u32
    public static final int SETATTR_SIZE = 88;

    public static final int VALID_MODE = 1;
    public static final int VALID_UID = 1 << 1;
    public static final int VALID_GID = 1 << 2;
    public static final int VALID_SIZE = 1 << 3;
    public static final int VALID_ATIME = 1 << 4;
    public static final int VALID_MTIME = 1 << 5;
    public static final int VALID_ATIME_NOW = 1 << 7;
    public static final int VALID_MTIME_NOW = 1 << 8;
    public static final int VALID_CTIME = 1 << 10;
    public static final int VALID_KILL_PRIVILEGES = 1 << 11;

    public static final int MKNOD_MODE = 0; // u32
    public static final int MKNOD_RDEV = 4; // u32
    public static final int MKNOD_UMASK = 8; // u32
    public static final int MKNOD_SIZE = 16;

    public static final int MKDIR_MODE = 0; // u32 without the type
    public static final int MKDIR_UMASK = 4; // u32
    public static final int MKDIR_SIZE = 8;

    public static final int RENAME_NEW_DIRECTORY = 0; // u64
    public static final int RENAME_SIZE = 8;
    public static final int RENAME2_FLAGS = 8; // u32
    public static final int RENAME2_SIZE = 16;

    public static final int LINK_OLD_NODE_ID = 0; // u64
    public static final int LINK_SIZE = 8;

    public static final int OPEN_FLAGS = 0; // u32
    public static final int OPEN_OPEN_FLAGS = 4; // u32
    public static final int OPEN_SIZE = 8;
    public static final int OPEN_KILL_PRIVILEGES = 1;

    public static final int READ_HANDLE = 0; // u64
    public static final int READ_OFFSET = 8; // u64
    public static final int READ_BYTES = 16; // u32
    public static final int READ_FLAGS = 32; // u32, of open(2)
    public static final int READ_SIZE = 40;

    public static final int WRITE_HANDLE = 0; // u64
    public static final int WRITE_OFFSET = 8; // u64
    public static final int WRITE_BYTES = 16; // u32
    public static final int WRITE_WRITE_FLAGS = 20; // u32
    public static final int WRITE_FLAGS = 32; // u32 of open(2)
    public static final int WRITE_SIZE = 40;
    public static final int WRITE_FROM_CACHE = 1;
    public static final int WRITE_KILL_PRIVILEGES = 4;

    public static final int RELEASE_HANDLE = 0; // u64
    public static final int RELEASE_RELEASE_FLAGS = 12; // u32
    public static final int RELEASE_LOCK_OWNER = 16; // u64
    public static final int RELEASE_SIZE = 24;
    public static final int RELEASE_FLOCK_UNLOCK = 2;

    public static final int FSYNC_HANDLE = 0; // u64
    public static final int FSYNC_FLAGS = 8; // u32
    public static final int FSYNC_SIZE = 16;
    public static final int FSYNC_DATA_ONLY = 1;

    public static final int SETXATTR_BYTES = 0; // u32
    public static final int SETXATTR_FLAGS = 4; // u32
    public static final int SETXATTR_SETXATTR_FLAGS = 8; // u32
    public static final int SETXATTR_SIZE = 16; // with SETXATTR_EXT
    public static final int SETXATTR_SIZE_SHORT = 8; // without
    public static final int SETXATTR_CLEAR_SETGID = 1;

    public static final int GETXATTR_BYTES = 0; // u32
    public static final int GETXATTR_SIZE = 8;

    public static final int FLUSH_HANDLE = 0; // u64
    public static final int FLUSH_LOCK_OWNER = 16; // u64
    public static final int FLUSH_SIZE = 24;

    public static final int LK_HANDLE = 0; // u64
    public static final int LK_OWNER = 8; // u64
    public static final int LK_START = 16; // u64
    public static final int LK_END = 24; // u64 inclusive
    public static final int LK_TYPE = 32; // u32
    public static final int LK_PID = 36; // u32
    public static final int LK_FLAGS = 40; // u32
    public static final int LK_SIZE = 48;
    public static final int LK_FLOCK = 1;
    public static final int LOCK_READ = 0;
    public static final int LOCK_WRITE = 1;
    public static final int LOCK_UNLOCK = 2;

    public static final int CREATE_FLAGS = 0; // u32
    public static final int CREATE_MODE = 4; // u32
    public static final int CREATE_UMASK = 8; // u32
    public static final int CREATE_SIZE = 16;

    public static final int INTERRUPT_UNIQUE = 0; // u64
    public static final int INTERRUPT_SIZE = 8;

    public static final int IOCTL_HANDLE = 0; // u64
    public static final int IOCTL_FLAGS = 8; // u32
    public static final int IOCTL_COMMAND = 12; // u32
    public static final int IOCTL_ARGUMENT = 16; // u64
    public static final int IOCTL_IN_BYTES = 24; // u32
    public static final int IOCTL_OUT_BYTES = 28; // u32
    public static final int IOCTL_SIZE = 32;
    public static final int IOCTL_32BIT = 1;
    public static final int IOCTL_DIRECTORY = 16;

    public static final int FALLOCATE_HANDLE = 0; // u64
    public static final int FALLOCATE_OFFSET = 8; // u64
    public static final int FALLOCATE_LENGTH = 16; // u64
    public static final int FALLOCATE_MODE = 24; // u32
    public static final int FALLOCATE_SIZE = 32;

    public static final int LSEEK_HANDLE = 0; // u64
    public static final int LSEEK_OFFSET = 8; // u64
    public static final int LSEEK_WHENCE = 16; // u32
    public static final int LSEEK_SIZE = 24;

    public static final int COPY_HANDLE_IN = 0; // u64
    public static final int COPY_OFFSET_IN = 8; // u64
    public static final int COPY_NODE_ID_OUT = 16; // u64
    public static final int COPY_HANDLE_OUT = 24; // u64
    public static final int COPY_OFFSET_OUT = 32; // u64
    public static final int COPY_LENGTH = 40; // u64
    public static final int COPY_FLAGS = 48; // u64
    public static final int COPY_FILE_RANGE_SIZE = 56;

    private Requests() {}
}
