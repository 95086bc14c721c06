package org.scoutfs.cli;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.scoutfs.format.ioctl.AttrX;

/** The attributes of get-attr-x and set-attr-x, in the order in which they are printed. */
final class AttributeOptions {
    /** One of them. */
    record Field(char letter, String name, long mask, String meaning) {
        Option option(@Nullable String argument) {
            return new Option(letter, name, argument, meaning);
        }
    }

    static final List<Field> FIELDS = List.of(
            new Field('m', "meta_seq", AttrX.META_SEQ, "The transaction of the last change. Setting it changes nothing."),
            new Field('d', "data_seq", AttrX.DATA_SEQ, "The transaction of the last change of contents. As above."),
            new Field('v', "data_version", AttrX.DATA_VERSION, "How often the contents changed. Can be set once, from 0."),
            new Field('n', "online_blocks", AttrX.ONLINE_BLOCKS, "Blocks of 4 KiB with contents. Setting it changes nothing."),
            new Field('f', "offline_blocks", AttrX.OFFLINE_BLOCKS, "Blocks of 4 KiB in an archive. As above."),
            new Field('c', "ctime", AttrX.CTIME, "When the inode changed last, SECS.NSECS."),
            new Field('r', "crtime", AttrX.CRTIME, "When it was created, SECS.NSECS."),
            new Field('s', "size", AttrX.FILE_SIZE, "Its size in bytes. Can be set while data_version is 0, together with it."),
            new Field('t', "retention", AttrX.BITS_RETENTION, "Whether the file may not be changed: 0 or 1. Regular files only."),
            new Field('p', "project_id", AttrX.PROJECT_ID, "The project that it belongs to, 0 for none."));

    private AttributeOptions() {}

    /** @param argument what the options take, null for none */
    static List<Option> options(@Nullable String argument) {
        List<Option> options = new ArrayList<>();
        FIELDS.forEach(field -> options.add(field.option(argument)));
        return options;
    }
}
