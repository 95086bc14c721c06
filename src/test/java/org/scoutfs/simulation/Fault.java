package org.scoutfs.simulation;

/** What goes wrong with a node, or is done to it, in the middle of everything. */
enum Fault {
    /** Its process dies; another one is started on it later. */
    KILL,
    /** It stops for a while. */
    STOP,
    /** Nobody reaches it for a while. */
    CUT_OFF,
    /** Some of its writes reach the device very late. */
    SLOW_WRITES,
    /** The quorum elects another server though nothing is wrong: two believe to be it. */
    ELECTION,
    /** Its process dies with writes on their way. */
    KILL_WITH_LATE_WRITES,
    /** It stops with writes on their way. */
    STOP_WITH_LATE_WRITES,
    /** One is cut off while another stops. */
    CUT_OFF_AND_STOP,
    /** One is cut off, and another one becomes server at once, which must wait for the first one's lease. */
    CUT_OFF_AND_ELECTION,
    /** All nodes lose their power, the device what it had not made durable. */
    POWER,
    /** Its connection breaks with all that is on it: what was not answered is said again. */
    CONNECTION,
    /** It is unmounted, and mounted again. */
    UNMOUNT
}
