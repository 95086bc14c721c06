package org.scoutfs.node;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.scoutfs.format.SuperSlot;
import org.scoutfs.format.SuperSlot.QuorumSlot;

/** Quorum slots as people write them, {@code NR,ADDR,PORT}, and as they are shown. */
public final class QuorumSlots {
    private static final int PORT_MAX = 65535;

    private QuorumSlots() {}

    /** A slot, or a set of them, that cannot be. */
    public static final class WrongSlotException extends Exception {
        private static final long serialVersionUID = 1L;

        WrongSlotException(String message) {
            super(message, null, false, false);
        }
    }

    /**
     * @return in the order of their numbers
     * @throws WrongSlotException says which is wrong, and how
     */
    public static List<QuorumSlot> parse(List<String> texts) throws WrongSlotException {
        List<QuorumSlot> slots = new ArrayList<>();
        for (String text : texts) {
            QuorumSlot next = parse(text);
            for (QuorumSlot other : slots) {
                if (other.number() == next.number()) {
                    throw new WrongSlotException("quorum slot " + next.number() + " is given twice");
                }
                if (other.address().equals(next.address()) && other.port() == next.port()) {
                    throw new WrongSlotException("quorum slot nr " + Math.min(other.number(), next.number()) + " and "
                            + Math.max(other.number(), next.number()) + " have the same address " + address(next));
                }
            }
            slots.add(next);
        }
        slots.sort(Comparator.comparingInt(QuorumSlot::number));
        return slots;
    }

    private static QuorumSlot parse(String text) throws WrongSlotException {
        String[] parts = text.split(",", -1);
        if (parts.length != 3) {
            throw new WrongSlotException("a quorum slot is NR,ADDR,PORT, not '" + text + "'");
        }
        int number = number(parts[0], 0, SuperSlot.QUORUM_SLOTS_MAX - 1, "a slot number", text);
        int port = number(parts[2], 1, PORT_MAX, "a port", text);
        try {
            return new QuorumSlot(number, numericAddress(parts[1]), port);
        } catch (IllegalArgumentException wrong) {
            throw new WrongSlotException("quorum slot '" + text + "': " + wrong.getMessage());
        }
    }

    private static int number(String digits, int least, int most, String what, String slot) throws WrongSlotException {
        try {
            int number = Integer.parseInt(digits);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException notANumber) {
            // told below
        }
        throw new WrongSlotException(
                "quorum slot '" + slot + "': " + what + " is from " + least + " to " + most + ", not '" + digits + "'");
    }

    /**
     * One address of one host, in the one form in which it is kept. Names are refused: what they stand for may be changed while voters
     * run.
     *
     * @throws IllegalArgumentException says what is wrong with it
     */
    static String numericAddress(String text) {
        InetAddress address;
        try {
            address = InetAddress.ofLiteral(text);
        } catch (IllegalArgumentException noLiteral) {
            throw new IllegalArgumentException("'" + text + "' is no numeric address", noLiteral);
        }
        String shown = address.getHostAddress();
        if (address.isAnyLocalAddress() || address.isMulticastAddress() || shown.equals("255.255.255.255")) {
            throw new IllegalArgumentException("'" + text + "' is no address of one host");
        }
        return shown;
    }

    /** {@code ADDR:PORT}. */
    static String address(QuorumSlot slot) {
        return (slot.address().indexOf(':') < 0 ? slot.address() : "[" + slot.address() + "]") + ":" + slot.port();
    }

    /** One line a slot, {@code NR: ADDR:PORT}. */
    public static List<String> lines(List<QuorumSlot> slots) {
        return slots.stream().map(slot -> slot.number() + ": " + address(slot)).toList();
    }

    /** For messages: the numbers that there are. */
    static String numbers(List<QuorumSlot> slots) {
        return String.join(", ", slots.stream().map(slot -> Integer.toString(slot.number())).toList());
    }
}
