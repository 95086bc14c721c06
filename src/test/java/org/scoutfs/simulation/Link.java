package org.scoutfs.simulation;

import org.scoutfs.net.Message;

/** A connection of a client with a server: in order, and after the first message that is lost nothing arrives. */
final class Link {
    private final World world;
    final SimClient client;
    final SimServer server;
    private final int clientLife;
    private final int serverLife;
    private boolean isOpen = true;
    private long lastToServer;
    private long lastToClient;

    Link(World world, SimClient client, SimServer server) {
        this.world = world;
        this.client = client;
        this.server = server;
        this.clientLife = client.node.life();
        this.serverLife = server.node.life();
    }

    boolean isOpen() {
        return isOpen;
    }

    private boolean isCut() {
        return client.node != server.node && (client.node.isCutOff() || server.node.isCutOff());
    }

    private long delay() {
        return client.node == server.node
                ? world.between(5 * World.MICRO, 30 * World.MICRO)
                : world.chance(40)
                        ? world.between(World.MILLI, 80 * World.MILLI)
                        : world.between(50 * World.MICRO, 400 * World.MICRO);
    }

    void toServer(Message message) {
        lastToServer = Math.max(lastToServer + 1, world.now() + delay());
        world.at(lastToServer, () -> {
            if (isOpen && isCut()) {
                lose();
            } else if (isOpen) {
                server.node.run(serverLife, () -> {
                    if (isOpen) {
                        server.receive(this, message);
                    }
                });
            }
        });
    }

    void toClient(Message message) {
        lastToClient = Math.max(lastToClient + 1, world.now() + delay());
        world.at(lastToClient, () -> {
            if (isOpen && isCut()) {
                lose();
            } else if (isOpen) {
                client.node.run(clientLife, () -> {
                    if (isOpen) {
                        client.receive(this, message);
                    }
                });
            }
        });
    }

    /** It breaks: the client hears of it some time later. */
    void lose() {
        if (isOpen) {
            isOpen = false;
            client.node.own(world.between(World.MILLI, 100 * World.MILLI), clientLife, () -> client.lost(this));
        }
    }

    /** The client gives it up. */
    void close() {
        isOpen = false;
    }
}
