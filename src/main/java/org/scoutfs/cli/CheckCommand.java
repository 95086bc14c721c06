package org.scoutfs.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.scoutfs.check.Findings;
import org.scoutfs.check.VolumeCheck;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.node.OpenVolume;

/** {@code scoutfs check}. */
final class CheckCommand implements Subcommand {
    private static final int DAMAGE_FOUND = 4;
    private static final int NOT_FINISHED = 8;
    private static final Option DATA =
            new Option('d', "data", null, "Read the contents of all files, too, and compare them with their checksums.");
    private static final Option MOUNTED = new Option(
            'm', "mounted", null, "Check a volume that is or may be mounted. What is changing shows as damage that is none.");

    @Override
    public Command command() {
        return new Command(
                "check",
                Command.Group.CORE,
                "[-d] DEVICE [DATA-DEVICE]",
                "Prove that a volume is consistent",
                "Reads the whole volume, writes nothing, and prints one line for each thing that is wrong. The state that is"
                        + " checked is that of the last commit. Memory is bounded; on a terminal a line shows how far it is.\n"
                        + "Exits with 0 when nothing is wrong, with 4 when damage was found, and with 8 when it could not be"
                        + " finished, for instance because the volume is mounted.",
                List.of(DATA, MOUNTED),
                List.of("device"),
                1);
    }

    @Override
    public int run(Arguments arguments, Console console) throws IOException {
        Path meta = Path.of(arguments.operand(0));
        @Nullable Path data = arguments.operandCount() > 1 ? Path.of(arguments.operand(1)) : null;
        ProgressLine line = new ProgressLine(console);
        Findings findings = new Findings(problem -> {
            line.clear();
            console.out().println(problem);
            console.out().flush();
        });
        try (BlockDevice device = OpenVolume.readOnly(meta, data)) {
            String user = arguments.has(MOUNTED.letter()) ? null : OpenVolume.userOf(device);
            if (user != null) {
                console.err().println("check: the volume is in use by " + user + "; --mounted checks it all the same");
                return NOT_FINISHED;
            }
            VolumeCheck.Options options = VolumeCheck.Options.DEFAULTS;
            VolumeCheck.run(device, arguments.has(DATA.letter()) ? options.withData() : options, findings, line);
        } catch (IOException failure) {
            line.clear();
            console.err().println("check: " + failure.getMessage());
            return NOT_FINISHED;
        }
        line.clear();
        if (findings.count() > Findings.KEPT_MAX) {
            console.out().println("... and " + (findings.count() - Findings.KEPT_MAX) + " more");
        }
        console.out()
                .println(switch ((int) Math.min(2, findings.count())) {
                    case 0 -> "clean";
                    case 1 -> "1 problem";
                    default -> findings.count() + " problems";
                });
        return findings.count() == 0 ? Main.OK : DAMAGE_FOUND;
    }
}
