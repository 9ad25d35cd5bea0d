package dev.millrace.worker.bench;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Ratios as a picture: a panel for each model, a line for each peer and sampling, a step to the right for each number of
 * sequences, and at each point its least and its greatest.
 */
final class Plot {
    private static final List<String> COLOURS =
            List.of("#1b6ca8", "#c2541b", "#3c8d40", "#8a4fa3", "#b0892b", "#5b6770", "#c23b6b", "#2a9d8f");
    private static final int PANEL_WIDTH = 420;
    private static final int LEFT = 50;
    private static final int TOP = 40;
    private static final int HEIGHT = 260;
    private static final int LEGEND_LINE = 18;

    private final StringBuilder svg = new StringBuilder();
    private final List<Ratio> ratios;
    private final List<String> models;
    private final List<String> series;
    private final List<Integer> sequences;
    private final double top;

    private Plot(List<Ratio> ratios) {
        this.ratios = ratios;
        models = ratios.stream().map(Ratio::model).distinct().toList();
        series = ratios.stream().map(Plot::series).distinct().toList();
        sequences = ratios.stream().map(Ratio::sequences).distinct().sorted().toList();
        top = Math.max(
                1.25,
                Math.ceil(4 * ratios.stream().mapToDouble(Ratio::max).max().orElse(1)) / 4);
    }

    static String of(List<Ratio> ratios) {
        return new Plot(ratios).draw();
    }

    private static String series(Ratio ratio) {
        return ratio.peer() + ", " + ratio.sampling();
    }

    private String draw() {
        int width = models.size() * PANEL_WIDTH + LEFT;
        int height = TOP + HEIGHT + 50 + LEGEND_LINE * series.size();
        add(
                "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %d %d' font-family='sans-serif' font-size='12'>",
                width, height);
        add("<rect width='100%%' height='100%%' fill='white'/>");
        for (int panel = 0; panel < models.size(); panel++) {
            add("<g transform='translate(%d,0)'>", panel * PANEL_WIDTH);
            drawAxes(models.get(panel));
            for (int line = 0; line < series.size(); line++) {
                drawLine(models.get(panel), line);
            }
            add("</g>");
        }
        for (int line = 0; line < series.size(); line++) {
            int y = TOP + HEIGHT + 50 + LEGEND_LINE * line;
            add("<circle cx='%d' cy='%d' r='4' fill='%s'/>", LEFT + 4, y - 4, colour(line));
            add("<text x='%d' y='%d'>engine over %s</text>", LEFT + 16, y, series.get(line));
        }
        return add("</svg>").toString();
    }

    private void drawAxes(String model) {
        add("<text x='%d' y='20' font-weight='bold'>%s</text>", LEFT, model);
        for (double ratio = 0; ratio <= top; ratio += 0.25) {
            add(
                    "<line x1='%d' x2='%d' y1='%.1f' y2='%.1f' stroke='%s'/>",
                    LEFT, PANEL_WIDTH - 10, y(ratio), y(ratio), ratio == 1 ? "black" : "#ddd");
            add("<text x='%d' y='%.1f' text-anchor='end'>%.2f</text>", LEFT - 6, y(ratio) + 4, ratio);
        }
        for (int count : sequences) {
            add("<text x='%.1f' y='%d' text-anchor='middle'>%d</text>", x(count), TOP + HEIGHT + 18, count);
        }
    }

    /** Lines stand a little beside each other, so that none hides another. */
    private void drawLine(String model, int line) {
        double shift = 5 * (line - (series.size() - 1) / 2.0);
        List<Ratio> points = ratios.stream()
                .filter(ratio -> ratio.model().equals(model) && series(ratio).equals(series.get(line)))
                .toList();
        add(
                "<polyline fill='none' stroke='%s' points='%s'/>",
                colour(line),
                points.stream()
                        .map(point -> format("%.1f,%.1f", x(point.sequences()) + shift, y(point.median())))
                        .collect(Collectors.joining(" ")));
        for (Ratio point : points) {
            double x = x(point.sequences()) + shift;
            add(
                    "<line x1='%.1f' x2='%.1f' y1='%.1f' y2='%.1f' stroke='%s'/>",
                    x, x, y(point.min()), y(point.max()), colour(line));
            add("<circle cx='%.1f' cy='%.1f' r='3.5' fill='%s'/>", x, y(point.median()), colour(line));
        }
    }

    private static String colour(int line) {
        return COLOURS.get(line % COLOURS.size());
    }

    private double x(int count) {
        return LEFT + (PANEL_WIDTH - 10.0 - LEFT) * (sequences.indexOf(count) + 0.5) / sequences.size();
    }

    private double y(double ratio) {
        return TOP + HEIGHT * (1 - ratio / top);
    }

    private StringBuilder add(String format, Object... values) {
        return svg.append(format(format, values)).append('\n');
    }

    private static String format(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
