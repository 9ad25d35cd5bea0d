package dev.millrace.compose.faults;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Runs the rows, each for some rounds, and prints a line for each. Ends with another status than 0 when a stream was
 * not whole, or when a row has shown nothing. A row ends with its first bad round, so a bad run ends too.
 */
public final class FaultMatrix {

    private final Plan plan;
    private final Questions questions;
    private final List<Tally> tallies = new ArrayList<>();
    private final List<String> skipped = new ArrayList<>();
    private @Nullable Cluster cluster;

    private FaultMatrix(Plan plan, Questions questions) {
        this.plan = plan;
        this.questions = questions;
    }

    public static void main(String[] arguments) throws Exception {
        System.exit(run(Plan.of(System.getenv())) ? 0 : 1);
    }

    /** Whether every row is good. */
    static boolean run(Plan plan) throws Exception {
        System.out.println(plan.command());
        FaultMatrix matrix = new FaultMatrix(plan, Questions.learn());
        try {
            for (Row row : plan.rows()) {
                matrix.run(row);
            }
        } finally {
            matrix.closeCluster();
        }
        Report.write(plan, matrix.tallies, matrix.skipped);
        return matrix.tallies.stream().noneMatch(Tally::failed);
    }

    private void run(Row row) throws Exception {
        if (row.layout() == Layout.SMALL_DISK
                && !SmallDisk.possible(Files.createTempDirectory(Path.of("target"), "disk"))) {
            skipped.add(row.id() + ", since mounting a small file system takes root");
            System.out.println("FAULT " + row.id() + " skipped=mounting-takes-root");
            return;
        }
        Tally tally = new Tally(row);
        tallies.add(tally);
        List<? extends Seen> seen =
                row.layout() == Layout.GATEWAYS ? runGatewayRounds(row, tally) : runRounds(row, tally);
        System.out.println(tally.line());
        if (tally.failed()) {
            complain(row, tally, seen);
        }
    }

    private List<ChatStream> runGatewayRounds(Row row, Tally tally) throws Exception {
        List<ChatStream> seen = new ArrayList<>();
        boolean whole = true;
        for (int i = 0; i < plan.rounds() && whole; i++) {
            Gateways gateways = cluster(row.layout()).gateways();
            GatewayRound round = new GatewayRound(gateways, questions(row), plan.random(row, i));
            whole = round.run(plan.streams(), row);
            tally.add(round);
            tally.addDisagreements(round.countDisagreements());
            seen.addAll(round.streams());
        }
        return seen;
    }

    private List<StreamAudit> runRounds(Row row, Tally tally) throws Exception {
        List<StreamAudit> seen = new ArrayList<>();
        boolean whole = true;
        for (int i = 0; i < plan.rounds() && whole; i++) {
            try (Round round = new Round(cluster(row.layout()), questions(row), plan.random(row, i))) {
                whole = round.run(plan.streams(), row);
                tally.add(round);
                seen.addAll(round.streams());
            }
        }
        Cluster used = cluster(row.layout());
        tally.addDisagreements(SecondReading.countDisagreements(used, seen));
        return seen;
    }

    private void complain(Row row, Tally tally, List<? extends Seen> seen) throws Exception {
        System.out.println("BAD " + row.id() + ": " + String.join("; ", tally.complaints()));
        seen.stream()
                .filter(stream -> !stream.done() || stream.unequal() || stream.gaps() + stream.repeats() > 0)
                .limit(5)
                .forEach(System.out::println);
        closeCluster();
    }

    private List<Question> questions(Row row) {
        return row.layout() == Layout.TWO_MODELS ? questions.ofBothModels() : questions.ofDemoModel();
    }

    private Cluster cluster(Layout layout) throws Exception {
        if (cluster != null && cluster.layout() != layout) {
            closeCluster();
        }
        if (cluster == null) {
            cluster = Cluster.start(layout);
        }
        return cluster;
    }

    private void closeCluster() throws Exception {
        if (cluster != null) {
            cluster.close();
            cluster = null;
        }
    }
}
