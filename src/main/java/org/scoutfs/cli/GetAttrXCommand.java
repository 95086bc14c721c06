package org.scoutfs.cli;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.scoutfs.format.ioctl.AttrX;
import org.scoutfs.format.ioctl.IoctlCommand;
import org.scoutfs.sys.SystemCallException;

/** {@code scoutfs get-attr-x}. */
final class GetAttrXCommand implements Subcommand {
    @Override
    public Command command() {
        return new Command(
                "get-attr-x",
                Command.Group.ARCHIVE,
                "FILE",
                "Show attributes that archive managers use",
                "Prints attributes of a regular file or directory, a line each; with one option only the value of that attribute.",
                AttributeOptions.options(null),
                List.of("file"),
                0);
    }

    @Override
    public int run(Arguments arguments, Console console) throws CommandFailure {
        List<AttributeOptions.Field> asked = AttributeOptions.FIELDS.stream()
                .filter(field -> arguments.has(field.letter()))
                .toList();
        List<AttributeOptions.Field> fields = asked.isEmpty() ? AttributeOptions.FIELDS : asked;
        long mask = fields.stream().mapToLong(AttributeOptions.Field::mask).reduce(0, (a, b) -> a | b);
        String file = arguments.operand(0);
        try (MountedPath path = MountedPath.open(file)) {
            MemorySegment request = path.allocate(AttrX.SIZE);
            request.copyFrom(MemorySegment.ofArray(new AttrX(mask, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0).encode()));
            int ignored = path.call(IoctlCommand.GET_ATTR_X, request);
            AttrX answer = AttrX.decode(request);
            for (AttributeOptions.Field field : fields) {
                console.out().println((fields.size() == 1 ? "" : field.name() + ": ") + value(answer, field.letter()));
            }
            return Main.OK;
        } catch (SystemCallException failure) {
            throw new CommandFailure(
                    failure.number(), "attr_x ioctl failed on '" + file + "': " + MountedPath.reason(failure.number()));
        }
    }

    private static String value(AttrX answer, char letter) {
        return switch (letter) {
            case 'm' -> Long.toUnsignedString(answer.metaSeq());
            case 'd' -> Long.toUnsignedString(answer.dataSeq());
            case 'v' -> Long.toUnsignedString(answer.dataVersion());
            case 'n' -> Long.toUnsignedString(answer.onlineBlocks());
            case 'f' -> Long.toUnsignedString(answer.offlineBlocks());
            case 'c' -> answer.ctimeSeconds() + "." + answer.ctimeNanos();
            case 'r' -> answer.crtimeSeconds() + "." + answer.crtimeNanos();
            case 's' -> Long.toUnsignedString(answer.size());
            case 't' -> (answer.bits() & AttrX.RETENTION_BIT) != 0 ? "1" : "0";
            default -> Long.toUnsignedString(answer.projectId());
        };
    }
}
