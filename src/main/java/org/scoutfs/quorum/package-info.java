/**
 * Who may be the server, and in which epoch. A {@link org.scoutfs.quorum.Quorum} only says who may <em>try</em>: whether a server
 * serves is decided on the device, by the claim ({@link org.scoutfs.volume.Claim}), so a quorum that is wrong for a moment costs
 * a restart and never data.
 *
 * <p>{@link org.scoutfs.quorum.SoloQuorum} is for one mount without a network: it always may. In a cluster a mount with a quorum slot is a
 * {@link org.scoutfs.quorum.RaftQuorum}, one without is a {@link org.scoutfs.quorum.RaftFollower}, which only hears who serves. What passes between
 * them is one small record per election, a {@link org.scoutfs.quorum.Reign}; nothing of the file system's own does.
 *
 * <p>A voter's memory is a local directory ({@code VoterDirectory}), and its name depends on that memory being whole: see there.
 */
@NullMarked
package org.scoutfs.quorum;

import org.jspecify.annotations.NullMarked;
