/**
 * What nodes and the server say to each other, and what carries it. Messages are records; a transport hands them over in
 * order, at most once per connection. The in-process transport puts the same object in the receiver's queue and never runs
 * the receiver on the sender's stack, so one node and many use one code path.
 */
@NullMarked
package org.scoutfs.net;

import org.jspecify.annotations.NullMarked;
