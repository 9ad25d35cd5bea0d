package dev.millrace.gateway;

import dev.millrace.process.ServiceMain;
import io.vertx.core.Vertx;

/** The gateway as a process. SIGTERM tells its clients to connect again, elsewhere. */
public final class GatewayMain {
    private GatewayMain() {}

    public static void main(String... arguments) throws InterruptedException {
        ServiceMain.run("gateway", arguments, GatewayConfig::from, config -> Gateway.start(Vertx.vertx(), config));
    }
}
