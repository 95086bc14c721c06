/**
 * Who may be the server, and in which epoch. A {@link org.scoutfs.quorum.Quorum} only says who may <em>try</em>: whether a server
 * serves is decided on the device, by the claim ({@link org.scoutfs.volume.Claim}), so a quorum that is wrong for a moment costs
 * a restart and never data.
 *
 * <p>{@link org.scoutfs.quorum.SoloQuorum} is for one mount without a network: it always may.
 */
@NullMarked
package org.scoutfs.quorum;

import org.jspecify.annotations.NullMarked;
