package org.scoutfs.cli;

import java.util.List;

/**
 * What a subcommand is called, takes and does: the one source of its parser, its help, and its part of the manual page.
 *
 * @param synopsis its arguments in one line, as the general usage shows them
 * @param summary one line, no full stop
 * @param description paragraphs of the manual page
 * @param operands the names of the positional arguments that must be there, in order
 * @param extraOperands how many more it takes
 */
record Command(
        String name,
        Group group,
        String synopsis,
        String summary,
        String description,
        List<Option> options,
        List<String> operands,
        int extraOperands) {

    /** Where the general usage lists it. */
    enum Group {
        CORE("Core admin"),
        INFORMATION("Additional Information"),
        SEARCH("Search Acceleration"),
        ARCHIVE("Archival Agent Support"),
        DEBUGGING("Debugging commands");

        private final String heading;

        Group(String heading) {
            this.heading = heading;
        }

        String heading() {
            return heading;
        }
    }
}
