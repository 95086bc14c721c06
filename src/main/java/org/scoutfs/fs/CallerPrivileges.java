package org.scoutfs.fs;

/** What a caller may do beyond his user id, where the kernel does not check it for us: tagged xattrs. */
public interface CallerPrivileges {
    /** CAP_SYS_ADMIN of the caller's thread. */
    boolean isAdministrator(Request request);

    /** Answers by user id alone. */
    static CallerPrivileges ofRoot() {
        return request -> request.uid() == 0;
    }
}
