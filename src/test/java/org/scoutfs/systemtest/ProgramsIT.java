package org.scoutfs.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.scoutfs.testkit.Await;
import org.scoutfs.testkit.Profile;

/** Ordinary programs work on a mount, and what they left is still right after a remount. On each transport. */
@ParameterizedClass
@MethodSource("transports")
@Timeout(400)
class ProgramsIT {
    private final Transport transport;
    private Target target;

    ProgramsIT(Transport transport) {
        this.transport = transport;
    }

    static List<Transport> transports() {
        return Transport.available();
    }

    @BeforeEach
    void mount() {
        target = Target.create("programs", 4L << 30, transport);
        target.mount();
    }

    @AfterEach
    void unmountAndCheck() {
        try (Target closing = target) {
            if (closing.isMounted()) {
                closing.unmount();
                closing.check();
            }
        }
    }

    @AfterAll
    static void nothingIsLeft() {
        // A loop device that somebody (udev) looks at just now goes when he is done.
        Await.that(
                "no loop device is left",
                Duration.ofSeconds(60),
                () -> Leftovers.loopsOn(SystemTests.directory("programs")).isEmpty());
    }

    @Test
    void gitCloneIsWhole() {
        here("git -c init.defaultBranch=main init -q source && cd source && git config user.name t && git config user.email t@t && git config commit.gpgsign false"
                + " && for i in $(seq 1 300); do mkdir -p d$((i % 17)); seq 1 $((i * 7 % 900)) > d$((i % 17))/f$i; done"
                + " && git add -A && git commit -qm one && for i in $(seq 1 200); do echo $i >> d$((i % 17))/f$i; done"
                + " && git commit -qam two && git tag v1 && git gc -q");
        here("git clone -q --no-local source clone && cd clone && git fsck --full --strict && git status --porcelain | wc -l | grep -qx 0"
                + " && git log --oneline | wc -l | grep -qx 2 && git checkout -q HEAD~1 && git checkout -q main");
        here("diff -r --exclude=.git source clone");
        remount();
        here("cd clone && git fsck --full --strict && git status --porcelain | wc -l | grep -qx 0");
    }

    @Test
    void tarAndUntarCompareEqual() {
        here("mkdir a b && cd a && for i in $(seq 1 500); do mkdir -p $((i % 23))/x; head -c $((i * 331 % 70000)) /dev/urandom > $((i % 23))/x/f$i; done"
                + " && ln 1/x/f1 hard && ln -s 1/x/f1 soft && mkfifo pipe && chmod 4751 hard && touch -d '1999-12-31 23:59:59.123456789' hard"
                + " && setfattr -n user.note -v text hard && setfacl -m u:1001:rw hard");
        here("tar --xattrs --acls --format=posix -C a -cf t.tar . && tar --xattrs --acls -C b -xpf t.tar && tar --xattrs --acls -C b --compare -f t.tar && diff -r --no-dereference --exclude=pipe a b");
        here("test \"$(getfattr -n user.note --only-values b/hard)\" = text && getfacl -c b/hard | grep -q user:1001:rw-");
        here("test \"$(stat -c %.Y b/hard)\" = \"$(stat -c %.Y a/hard)\"");
        remount();
        here("tar --xattrs --acls -C b --compare -f t.tar");
    }

    @Test
    void rsyncMovesNothingTheSecondTime() {
        here("mkdir from to && cd from && for i in $(seq 1 400); do mkdir -p $((i % 9)); head -c $((i * 97 % 30000)) /dev/urandom > $((i % 9))/$i; done; ln -s 1/1 link; ln 1/10 hard");
        here("rsync -aHAX from/ to/");
        String second = here("rsync -aHAX --itemize-changes --checksum from/ to/ && rsync -aHAX --itemize-changes from/ to/");
        assertThat(second).as("what the second rsync wants to change").isBlank();
        remount();
        assertThat(here("rsync -aHAX --itemize-changes --checksum --delete from/ to/")).isBlank();
    }

    @Test
    void sqliteKeepsItsIntegrityInWalMode() {
        here("""
                for mode in WAL DELETE; do
                  { echo "PRAGMA journal_mode=$mode; PRAGMA synchronous=FULL; CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT, n INT); CREATE INDEX i ON t(n);"
                    for i in $(seq 1 60); do
                      echo "BEGIN; INSERT INTO t(v,n) SELECT hex(randomblob(200)), abs(random()) % 1000 FROM generate_series(1,100); UPDATE t SET n = n + 1 WHERE id % 7 = $((i % 7)); COMMIT;"
                    done
                    echo "DELETE FROM t WHERE id % 3 = 0; PRAGMA wal_checkpoint(TRUNCATE); VACUUM;"; } | sqlite3 $mode.db > /dev/null
                  # Two writers and a reader at once.
                  for c in 1 2; do (for i in $(seq 1 20); do echo "PRAGMA busy_timeout=20000; INSERT INTO t(v,n) VALUES('w$c',$i);"; done | sqlite3 $mode.db >/dev/null) & done
                  for i in $(seq 1 10); do sqlite3 -cmd '.timeout 20000' $mode.db 'SELECT count(*) FROM t' > /dev/null; done
                  wait
                  test "$(sqlite3 $mode.db 'PRAGMA integrity_check')" = ok
                  test "$(sqlite3 $mode.db "SELECT count(*) FROM t WHERE v LIKE 'w%'")" = 40
                done
                """);
        remount();
        here("for mode in WAL DELETE; do test \"$(sqlite3 $mode.db 'PRAGMA integrity_check')\" = ok; done");
    }

    @Test
    void compilerBuildsAProgram() {
        here("""
                mkdir build && cd build
                for i in $(seq 1 25); do printf '#include <stdio.h>\\n#include <stdlib.h>\\nint f%d(int x){ return x * %d; }\\n' $i $i > f$i.c; done
                { echo '#include <stdio.h>'; for i in $(seq 1 25); do echo "int f$i(int);"; done; echo 'int main(){ int s = 0;'
                  for i in $(seq 1 25); do echo "s += f$i(1);"; done; echo 'printf("%d\\n", s); return 0; }'; } > main.c
                printf 'objects = $(patsubst %%.c,%%.o,$(wildcard *.c))\\nprogram: libf.a main.o\\n\\tgcc -o $@ main.o libf.a\\nlibf.a: $(filter-out main.o,$(objects))\\n\\tar rcs $@ $^\\n' > Makefile
                make -s -j2 CFLAGS='-O1 -g' && test "$(./program)" = 325
                make -q program  # nothing to do: the times are in order
                """);
        remount();
        here("cd build && make -q program && ./program | grep -qx 325 && touch f3.c && make -s -j2 && ./program | grep -qx 325");
    }

    @Test
    void fioVerifiesWhatItWrote() {
        int seconds = Profile.count(6, 120);
        here("fio --name=mixed --directory=. --size=64m --numjobs=2 --rw=randrw --bsrange=512-128k --ioengine=psync --fsync=64"
                + " --verify=crc32c --verify_fatal=1 --do_verify=1 --loops=1 --runtime=" + seconds + " --output=/dev/null");
        here("fio --name=stream --directory=. --size=128m --rw=write --bs=1m --ioengine=psync --end_fsync=1 --verify=sha256 --verify_fatal=1 --do_verify=1 --output=/dev/null");
        here("fio --name=direct --directory=. --size=64m --rw=randwrite --bs=4k --direct=1 --ioengine=libaio --iodepth=8 --runtime=" + seconds
                + " --verify=crc32c --verify_fatal=1 --do_verify=1 --output=/dev/null");
        here("fio --name=map --directory=. --size=32m --rw=randwrite --bs=4k --ioengine=mmap --verify=crc32c --verify_fatal=1 --do_verify=1 --output=/dev/null");
    }

    @Test
    void stressNgFindsNothing() {
        int seconds = Profile.count(2, 30);
        String stressors = "access chattr chdir chmod chown dentry dir dirdeep dup dynlib fallocate fcntl fiemap file-ioctl filename flock"
                + " fpunch fstat getdent handle hdd lease link lockf lockofd metamix mknod msync open readahead rename seek sendfile"
                + " symlink sync-file truncate unlink utime verity xattr";
        // Some are not in every version of stress-ng, and some need what the kernel may not have: both end in 3 or 4, not in 2.
        here("""
                for s in %s; do
                  stress-ng --help | grep -q -- "--$s N" || continue
                  set +e; stress-ng --temp-path . --verify --$s 1 --timeout %d --metrics-brief > out 2>&1; rc=$?; set -e
                  if [ $rc != 0 ] && [ $rc != 3 ] && [ $rc != 4 ]; then echo "stress-ng $s: exit $rc"; cat out; exit 1; fi
                done
                """.formatted(stressors, seconds));
    }

    @Test
    void dbenchRuns() {
        here("f=/usr/share/dbench/client.txt; test -e $f || f=$(dpkg -L dbench | grep client.txt | head -1); dbench -c $f -D . -t "
                + Profile.count(6, 60) + " 2 > out 2>&1 || { cat out; exit 1; }; grep -q Throughput out");
    }

    private String here(String line) {
        return Command.shell(line)
                .in(target.root())
                .within(Duration.ofSeconds(Profile.isLong() ? 3600 : 180))
                .run()
                .mustSucceed()
                .output();
    }

    private void remount() {
        target.unmount();
        target.check();
        target.mount();
    }
}
