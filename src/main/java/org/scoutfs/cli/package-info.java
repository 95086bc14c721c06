/**
 * The user's door: {@code scoutfs COMMAND}. {@link org.scoutfs.cli.Main} picks the one subcommand, parses its arguments by its
 * {@link org.scoutfs.cli.Command specification}, runs it, and turns what comes of it into lines and an exit status: 0 for success, 64
 * for arguments that make no sense, 1 for a failure.
 *
 * <p>Most commands open a path in a mount and ask the mount by ioctl; {@code mkfs}, {@code print} and {@code check} work on devices;
 * {@code mount} becomes the mount. One class each, without logic that a test would want to call: that is in {@code node},
 * {@code check} and {@code volume}.
 *
 * <p>A short command should be over in less than a tenth of a second, most of which is Java's own start. So nothing is loaded
 * but the subcommand at hand, the parser is our own ({@code docs/decisions/0010-command-line.md}), and no class here has a
 * static initialiser that does work. Names, options and output lines follow the original's command, because scripts read them.
 *
 * <p>The same specifications make {@code --help}, {@code --usage}, and the manual pages.
 */
@NullMarked
package org.scoutfs.cli;

import org.jspecify.annotations.NullMarked;
