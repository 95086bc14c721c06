/* flock, fcntl and open-file-description locks. */
#include "posix.h"

static int lock(int fd, int command, short type, off_t start, off_t length) {
    struct flock range = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
    return fcntl(fd, command, &range);
}

static short who(int fd, short type, off_t start, off_t length, pid_t *pid) {
    struct flock range = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
    OK(fcntl(fd, F_GETLK, &range));
    if (pid) *pid = range.l_pid;
    return range.l_type;
}

CASE(flock_excludes_and_shares) {
    int one = OK(open("f", O_CREAT | O_RDWR, 0644)), two = OK(open("f", O_RDWR));
    OK(flock(one, LOCK_EX));
    FAILS(EWOULDBLOCK, flock(two, LOCK_EX | LOCK_NB));
    FAILS(EWOULDBLOCK, flock(two, LOCK_SH | LOCK_NB));
    OK(flock(one, LOCK_SH));
    OK(flock(two, LOCK_SH | LOCK_NB));
    FAILS(EWOULDBLOCK, flock(two, LOCK_EX | LOCK_NB));
    OK(flock(one, LOCK_UN));
    OK(flock(two, LOCK_EX | LOCK_NB));
    int three = OK(open("f", O_RDONLY));
    FAILS(EWOULDBLOCK, flock(three, LOCK_EX | LOCK_NB));
    OK(close(two));
    OK(flock(three, LOCK_EX | LOCK_NB));
}

CASE(flock_waits_for_its_turn) {
    int fd = OK(open("f", O_CREAT | O_RDWR, 0644)), pipes[2];
    OK(pipe(pipes));
    OK(flock(fd, LOCK_EX));
    pid_t pid;
    CHILD(pid) {
        int own = OK(open("f", O_RDWR));
        EQ(write(pipes[1], "a", 1), 1);
        OK(flock(own, LOCK_EX));
        EQ(write(pipes[1], "b", 1), 1);
    }
    char mark;
    EQ(read(pipes[0], &mark, 1), 1);
    struct pollfd waiting = {pipes[0], POLLIN, 0};
    EQ(poll(&waiting, 1, 100), 0); /* not yet: it is locked */
    OK(flock(fd, LOCK_UN));
    EQ(read(pipes[0], &mark, 1), 1);
    EQ(mark, 'b');
    join(pid);
}

CASE(flock_goes_with_its_process) {
    pid_t pid;
    int pipes[2];
    OK(pipe(pipes));
    int fd = OK(open("f", O_CREAT | O_RDWR, 0644));
    pid = OK(fork());
    if (pid == 0) {
        int own = open("f", O_RDWR);
        if (flock(own, LOCK_EX)) _exit(1);
        if (write(pipes[1], "x", 1) != 1) _exit(1);
        pause();
    }
    char mark;
    EQ(read(pipes[0], &mark, 1), 1);
    FAILS(EWOULDBLOCK, flock(fd, LOCK_SH | LOCK_NB));
    OK(kill(pid, SIGKILL));
    OK(waitpid(pid, NULL, 0));
    OK(flock(fd, LOCK_EX)); /* waits a moment: RELEASE is asynchronous */
}

CASE(fcntl_ranges_between_processes) {
    int fd = OK(open("f", O_CREAT | O_RDWR, 0644));
    OK(lock(fd, F_SETLK, F_WRLCK, 100, 50));
    OK(lock(fd, F_SETLK, F_RDLCK, 200, 0));
    pid_t me = getpid(), pid;
    CHILD(pid) {
        int own = OK(open("f", O_RDWR));
        pid_t holder;
        OK(lock(own, F_SETLK, F_WRLCK, 0, 100));
        FAILS(EAGAIN, lock(own, F_SETLK, F_WRLCK, 99, 2));
        FAILS(EAGAIN, lock(own, F_SETLK, F_RDLCK, 149, 1));
        OK(lock(own, F_SETLK, F_WRLCK, 150, 50));
        FAILS(EAGAIN, lock(own, F_SETLK, F_WRLCK, 1LL << 40, 1));
        OK(lock(own, F_SETLK, F_RDLCK, 1LL << 40, 1));
        EQ(who(own, F_RDLCK, 120, 1, &holder), F_WRLCK);
        EQ(holder, me);
        EQ(who(own, F_WRLCK, 50, 10, NULL), F_UNLCK);
        EQ(who(own, F_WRLCK, 300, 10, &holder), F_RDLCK);
    }
    join(pid);
    OK(lock(fd, F_SETLK, F_UNLCK, 110, 10)); /* splits */
    CHILD(pid) {
        int own = OK(open("f", O_RDWR));
        OK(lock(own, F_SETLK, F_WRLCK, 110, 10));
        FAILS(EAGAIN, lock(own, F_SETLK, F_WRLCK, 109, 1));
        FAILS(EAGAIN, lock(own, F_SETLK, F_WRLCK, 120, 1));
    }
    join(pid);
}

CASE(fcntl_locks_go_with_any_close) {
    int fd = OK(open("f", O_CREAT | O_RDWR, 0644)), other = OK(open("f", O_RDONLY));
    OK(lock(fd, F_SETLK, F_WRLCK, 0, 0));
    pid_t pid;
    CHILD(pid) FAILS(EAGAIN, lock(OK(open("f", O_RDWR)), F_SETLK, F_WRLCK, 0, 0));
    join(pid);
    OK(close(other));
    CHILD(pid) OK(lock(OK(open("f", O_RDWR)), F_SETLK, F_WRLCK, 0, 0));
    join(pid);
}

CASE(fcntl_waits_and_is_interrupted) {
    int fd = OK(open("f", O_CREAT | O_RDWR, 0644)), pipes[2];
    OK(pipe(pipes));
    OK(lock(fd, F_SETLK, F_WRLCK, 0, 10));
    pid_t pid = OK(fork());
    if (pid == 0) {
        int own = open("f", O_RDWR);
        if (write(pipes[1], "w", 1) != 1) _exit(1);
        lock(own, F_SETLKW, F_WRLCK, 0, 10);
        _exit(0);
    }
    char mark;
    EQ(read(pipes[0], &mark, 1), 1);
    usleep(50000);
    OK(kill(pid, SIGKILL)); /* a waiter can be killed */
    OK(waitpid(pid, NULL, 0));
    CHILD(pid) {
        int own = OK(open("f", O_RDWR));
        EQ(write(pipes[1], "w", 1), 1);
        OK(lock(own, F_SETLKW, F_WRLCK, 0, 10));
        EQ(write(pipes[1], "g", 1), 1);
    }
    EQ(read(pipes[0], &mark, 1), 1);
    struct pollfd waiting = {pipes[0], POLLIN, 0};
    EQ(poll(&waiting, 1, 100), 0);
    OK(lock(fd, F_SETLK, F_UNLCK, 0, 0));
    EQ(read(pipes[0], &mark, 1), 1);
    EQ(mark, 'g');
    join(pid);
}

CASE(fcntl_lock_needs_the_right_open) {
    int reader = OK(open("f", O_CREAT | O_RDONLY, 0644)), writer = OK(open("f", O_WRONLY));
    FAILS(EBADF, lock(reader, F_SETLK, F_WRLCK, 0, 1));
    FAILS(EBADF, lock(writer, F_SETLK, F_RDLCK, 0, 1));
    OK(lock(reader, F_SETLK, F_RDLCK, 0, 1));
    OK(lock(writer, F_SETLK, F_WRLCK, 5, 1));
    FAILS(EINVAL, lock(writer, F_SETLK, F_WRLCK, -1, 1));
}

CASE(open_file_locks) {
    int one = OK(open("f", O_CREAT | O_RDWR, 0644)), two = OK(open("f", O_RDWR));
    OK(lock(one, F_OFD_SETLK, F_WRLCK, 0, 10));
    FAILS(EAGAIN, lock(two, F_OFD_SETLK, F_WRLCK, 5, 10));
    OK(lock(two, F_OFD_SETLK, F_WRLCK, 10, 10));
    int copy = OK(dup(one));
    OK(close(copy)); /* not the last close: the lock stays */
    FAILS(EAGAIN, lock(two, F_OFD_SETLK, F_WRLCK, 5, 1));
    OK(close(one));
    OK(lock(two, F_OFD_SETLKW, F_WRLCK, 5, 1)); /* RELEASE is asynchronous */
}

CASE(many_waiters_all_get_their_turn) {
    int fd = OK(open("f", O_CREAT | O_RDWR, 0644)), pipes[2];
    OK(pipe(pipes));
    OK(flock(fd, LOCK_EX));
    enum { WAITERS = 60 };
    pid_t pids[WAITERS];
    for (int i = 0; i < WAITERS; i++) {
        CHILD(pids[i]) {
            int own = OK(open("f", O_RDWR));
            EQ(write(pipes[1], "w", 1), 1);
            OK(flock(own, LOCK_EX));
            char number;
            EQ(pread(own, &number, 1, 0), 1);
            number++;
            EQ(pwrite(own, &number, 1, 0), 1);
        }
    }
    char mark;
    for (int i = 0; i < WAITERS; i++) EQ(read(pipes[0], &mark, 1), 1);
    EQ(pwrite(fd, "\0", 1, 0), 1);
    for (int i = 0; i < 50; i++) { /* others go on meanwhile */
        char name[20];
        snprintf(name, sizeof name, "n%d", i);
        OK(make_file(name, "", 0644));
    }
    OK(flock(fd, LOCK_UN));
    for (int i = 0; i < WAITERS; i++) join(pids[i]);
    EQ(pread(fd, &mark, 1, 0), 1);
    EQ(mark, WAITERS);
}
