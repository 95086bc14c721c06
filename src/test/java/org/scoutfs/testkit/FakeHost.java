package org.scoutfs.testkit;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.scoutfs.format.ProcessIdentity;
import org.scoutfs.volume.Host;

/** A process on a host that tests make up: {@link #crashed} processes are gone, all others run. */
public final class FakeHost implements Host {
    private static final Set<Long> NONE = Set.of();

    private final ProcessIdentity self;
    private final Set<Long> ended;

    private FakeHost(ProcessIdentity self, Set<Long> ended) {
        this.self = self;
        this.ended = ended;
    }

    /** The first process of a host of this number. */
    public static FakeHost of(int host) {
        ProcessIdentity.Id machine = new ProcessIdentity.Id(host, 1);
        ProcessIdentity.Id boot = new ProcessIdentity.Id(host, 1000);
        return new FakeHost(new ProcessIdentity(machine, boot, 1, 1, 1, "host" + host), ConcurrentHashMap.newKeySet());
    }

    /** This process is gone, and a new one of the same boot is what comes next. */
    public FakeHost crashed() {
        ended.add(self.pid());
        return new FakeHost(new ProcessIdentity(self.machine(), self.boot(), self.pidNamespace(), self.pid() + 1,
                self.startTicks() + 1, self.hostName()), ended);
    }

    /** The host was reset: a new boot. */
    public FakeHost rebooted() {
        ProcessIdentity.Id boot = new ProcessIdentity.Id(self.boot().high(), self.boot().low() + 1);
        return new FakeHost(
                new ProcessIdentity(self.machine(), boot, self.pidNamespace(), 1, 1, self.hostName()), NONE);
    }

    @Override
    public ProcessIdentity self() {
        return self;
    }

    @Override
    public boolean isRunning(ProcessIdentity process) {
        return !ended.contains(process.pid());
    }
}
