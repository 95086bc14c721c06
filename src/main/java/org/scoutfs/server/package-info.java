/**
 * The server: the one place of a volume that hands out locks, space and numbers, and that publishes commits.
 *
 * <p>{@link org.scoutfs.server.ServerCore} is a plain state machine: a message comes in, edits of the volume's state and messages
 * go out. It has no threads and does no I/O. {@link org.scoutfs.server.LocalServer} drives it with one thread: it takes all
 * messages that wait, lets the core handle each, appends all edits as one batch to the state log, makes them durable, reads the
 * claim to see that this server still is the server, and only then sends the answers. So one flush serves all commits that came
 * while the last one was under way, and nothing is told that could be lost.
 *
 * <p>With many nodes the core also knows who has to declare itself after a change of server, whose lease ends when, and which answers to
 * repeat on a new connection: {@code docs/protocol.md}, "States", and {@code docs/decisions/0012-declarations-and-leases.md}. The
 * simulation (tests, {@code org.scoutfs.simulation}) drives it without threads.
 *
 * <p>What is promised:
 * <ol>
 *   <li>What a node is told is durable, and was told by the only server.
 *   <li>A commit takes effect whole or is refused: every block that it consumes was granted to that node, every block that it
 *       frees was in use, every lock that it names is held. Freeing a free block is refused, and the node stops.
 *   <li>The stable bound never passes a sequence number that somebody may still commit under.
 *   <li>The blocks of a segment that was removed return when every node has said that it reads no version with it.
 *   <li>Deletes and merges find space when growing is refused: a reserve is kept for them.
 *   <li>After a failure of the device, or a lost claim, nothing more is written and nobody is told anything.
 * </ol>
 */
@NullMarked
package org.scoutfs.server;

import org.jspecify.annotations.NullMarked;
