package org.scoutfs.server;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import org.scoutfs.net.Message;

/**
 * Questions of one node whether any other one has an inode open: asked of all, answered when all have answered or one said yes.
 * A node that is gone for good has nothing open; one that is only silent counts as not having answered.
 */
final class OpenQuestions {
    private static final class Question {
        final long requestId;
        final long rid;
        final long ino;
        final TreeSet<Long> silent = new TreeSet<>();

        Question(Message.AskOpen asked) {
            this.requestId = asked.requestId();
            this.rid = asked.rid();
            this.ino = asked.ino();
        }
    }

    private final BiConsumer<Long, Message> send;
    private final Map<Long, Question> open = new TreeMap<>();
    private long lastAskId;

    /** @param send says something to an incarnation */
    OpenQuestions(BiConsumer<Long, Message> send) {
        this.send = send;
    }

    /** @param others all incarnations but the one that asks, also those that have not declared themselves */
    void ask(Message.AskOpen asked, Collection<Long> others) {
        open.values().removeIf(one -> one.rid == asked.rid() && one.requestId == asked.requestId());
        Question question = new Question(asked);
        question.silent.addAll(others);
        long askId = ++lastAskId;
        open.put(askId, question);
        others.forEach(rid -> send.accept(rid, new Message.IsOpen(askId, asked.ino())));
        endIfAnswered(askId, question);
    }

    void answer(Message.OpenHere answer) {
        Question question = open.get(answer.askId());
        if (question == null || !question.silent.remove(answer.rid())) {
            return;
        }
        if (answer.isOpen()) {
            end(answer.askId(), question, true);
        } else {
            endIfAnswered(answer.askId(), question);
        }
    }

    /** An incarnation is on a new connection: what it was asked on the old one may not have arrived. */
    void repeatTo(long rid) {
        open.forEach((askId, question) -> {
            if (question.silent.contains(rid)) {
                send.accept(rid, new Message.IsOpen(askId, question.ino));
            }
        });
    }

    void forget(long rid) {
        open.values().removeIf(question -> question.rid == rid);
        for (Map.Entry<Long, Question> one : List.copyOf(open.entrySet())) {
            if (one.getValue().silent.remove(rid)) {
                endIfAnswered(one.getKey(), one.getValue());
            }
        }
    }

    private void endIfAnswered(long askId, Question question) {
        if (question.silent.isEmpty()) {
            end(askId, question, false);
        }
    }

    private void end(long askId, Question question, boolean isOpen) {
        open.remove(askId);
        send.accept(question.rid, new Message.OpenElsewhere(question.requestId, isOpen));
    }
}
