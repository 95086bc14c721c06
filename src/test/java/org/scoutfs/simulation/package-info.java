/**
 * A whole cluster in one thread: the server's core, the clients' cores and lock clients as they are, on a simulated clock, network,
 * quorum and device. One seed decides everything; the same seed gives the same history.
 *
 * <p>{@link org.scoutfs.simulation.World} is time and chance, {@code Disk} the shared device, {@code SimServer} what drives a
 * {@code ServerCore} (log, claim, quorum rounds: the steps of {@code volume.Epoch} and {@code server.LocalServer}, one event each),
 * {@code SimClient} a mount in small ({@code SimOperations}, {@code SimFileLocks}, {@code SimOpens} its programs, {@code SimTransactions}
 * and {@code SimMerges} what they lead to, {@code SimVersions} what it reads), {@code Oracle} what must never happen, {@code Cluster} the nodes and
 * what goes wrong with them.
 */
package org.scoutfs.simulation;
