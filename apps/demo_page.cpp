#include <fmt/format.h>

#include "apps/demo.h"
#include "apps/machine.h"
#include "apps/progress.h"

namespace posecu {
namespace {

constexpr std::string_view kHead = R"html(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>posecu: from nothing to people</title>
<style>
  body { margin: 0 auto; max-width: 68rem; padding: 2rem 1.25rem 4rem; background: #fbfbf9; color: #22262b;
         font: 1.05rem/1.6 system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
  h1 { font-size: 2.1rem; line-height: 1.2; margin: 0 0 .4rem; }
  h2 { font-size: 1.35rem; margin: 2.6rem 0 .5rem; }
  p { max-width: 46rem; margin: .6rem 0; }
  .lead { font-size: 1.2rem; color: #4a5058; }
  .numbers { display: flex; flex-wrap: wrap; gap: 1rem; margin: 1.6rem 0; }
  .numbers div { flex: 1 1 8rem; background: #fff; border: 1px solid #e3e3de; border-radius: .6rem;
                 padding: .8rem 1rem; }
  .numbers b { display: block; font-size: 1.8rem; line-height: 1.2; color: #0b6e4f; }
  .pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(13.5rem, 1fr)); gap: .7rem;
              margin: 1rem 0; }
  .pictures img { width: 100%; border-radius: .5rem; display: block; }
  .curves { display: grid; grid-template-columns: repeat(auto-fit, minmax(24rem, 1fr)); gap: 1rem; margin: 1rem 0; }
  .curves img { width: 100%; background: #fff; border: 1px solid #e3e3de; border-radius: .6rem; }
  table { border-collapse: collapse; margin: 1rem 0; }
  td, th { text-align: left; padding: .25rem 1.4rem .25rem 0; border-bottom: 1px solid #e3e3de; }
  td.number { font-variant-numeric: tabular-nums; font-weight: 600; }
  pre { background: #22262b; color: #f2f2ee; border-radius: .6rem; padding: .9rem 1.1rem; overflow-x: auto;
        font: .88rem/1.55 ui-monospace, "DejaVu Sans Mono", Menlo, monospace; }
  code { font: .9em ui-monospace, "DejaVu Sans Mono", Menlo, monospace; background: #eeeeea; border-radius: .25rem;
         padding: .05rem .3rem; }
  footer { margin-top: 3rem; color: #6a7078; font-size: .9rem; }
</style>
</head>
<body>
)html";

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '&') {
      result += "&amp;";
    } else if (c == '<') {
      result += "&lt;";
    } else if (c == '>') {
      result += "&gt;";
    } else if (c == '"') {
      result += "&quot;";
    } else {
      result += c;
    }
  }
  return result;
}

std::string number_box(const std::string& number, std::string_view meaning) {
  return fmt::format("<div><b>{}</b>{}</div>\n", number, meaning);
}

std::string pictures(const std::string& folder, const std::vector<std::string>& names, std::string_view what) {
  std::string text = "<div class=\"pictures\">\n";
  for (const std::string& name : names)
    text += fmt::format("<img src=\"{}/{}\" alt=\"{}\">\n", folder, escaped(name), what);
  return text + "</div>\n";
}

std::string opening(const DemoPlan& plan, const DemoStory& story) {
  const int batch = plan.config.integer("train.batch"), steps = plan.steps();
  std::string text = fmt::format(
      "<h1>From nothing to people in {}</h1>\n"
      "<p class=\"lead\">A network with random weights looked at drawn people, was told where their joints are, and "
      "was "
      "then asked about pictures that it had never seen. This page is what happened on this machine.</p>\n"
      "<div class=\"numbers\">\n",
      format_duration(story.took.total()));
  text += number_box(fmt::format("{:.2f}", story.table.value("AP")), "AP on unseen pictures");
  text += number_box(fmt::format("{}", plan.counts[2]), "unseen pictures");
  text += number_box(fmt::format("{}", steps * batch), "pictures looked at");
  text += number_box(fmt::format("{:.1f} M", story.parameters / 1e6), "weights, all from scratch");
  return text + number_box(format_duration(story.took.training), "of training") + "</div>\n";
}

std::string lesson(const DemoPlan& plan, const DemoStory& story) {
  return fmt::format(
             "<h2>1. What it was shown</h2>\n"
             "<p>The program drew {} pictures with one to four people each, and knows every joint of theirs to the "
             "hundredth of a pixel. Joints that a thing or another person hides are told too. The first {}:</p>\n",
             plan.counts[0], story.learned.size()) +
         pictures("shown", story.learned, "drawn people with their labelled joints");
}

std::string training(const DemoPlan& plan, const DemoStory& story) {
  return fmt::format(
      "<h2>2. How it learned</h2>\n"
      "<p>{} steps of {} pictures, {:.0f} ms each. For every joint the network paints a <em>heatmap</em>: where are "
      "left "
      "wrists in this picture? Beside it, it paints <em>embeddings</em>: numbers that are alike for joints of one "
      "person "
      "(the pull loss), different for different people (the push loss), and coupled with the person's size (the scale "
      "loss). Falling curves mean that it gets better at each; AP is measured meanwhile on {} pictures kept aside, and "
      "the best state is kept.</p>\n"
      "<div class=\"curves\">\n<img src=\"run/loss.svg\" alt=\"Losses over training steps\">\n"
      "<img src=\"run/evaluations.svg\" alt=\"AP over training steps\">\n</div>\n",
      plan.steps(), plan.config.integer("train.batch"), 1000 * story.took.step, plan.counts[1]);
}

std::string unseen(const DemoPlan& plan, const DemoStory& story) {
  return fmt::format(
             "<h2>3. What it found in pictures it had never seen</h2>\n"
             "<p>The first {} of the {} pictures that it was scored on, not the best ones. It finds joints first and "
             "then "
             "groups them by their embeddings: nobody tells it where people are, nor how many.</p>\n",
             story.found.size(), plan.counts[2]) +
         pictures("found", story.found, "people as the network found them");
}

// What the statistics mean; others of the table need no words here.
std::string_view meaning_of(std::string_view name) {
  if (name == "AP") return "mean of the average precisions at ten strictnesses: the number that papers compare";
  if (name == "AP50") return "joints may be off by a good part of a limb";
  if (name == "AP75") return "joints must be close";
  if (name == "APM") return "people of medium size in pixels";
  if (name == "APL") return "large people";
  if (name == "AR") return "mean share of people that were found";
  return "";
}

std::string scores(const DemoStory& story) {
  std::string text =
      "<h2>4. How good that is</h2>\n<p>Scored exactly as COCO's tools do it: a person counts as found when the joints "
      "are "
      "near enough, in proportion to the person's size. 1 would be perfect.</p>\n<table>\n";
  for (const Statistic& statistic : story.table.statistics)
    if (const std::string_view meaning = meaning_of(statistic.name); !meaning.empty())
      text += fmt::format("<tr><th>{}</th><td class=\"number\">{}</td><td>{}</td></tr>\n", statistic.name,
                          statistic.value < 0 ? "none there" : fmt::format("{:.3f}", statistic.value), meaning);
  return text + "</table>\n";
}

std::string next(const DemoPlan& plan, const DemoStory& story) {
  std::string text =
      "<h2>5. The same by hand</h2>\n<p>These commands did it; each explains itself with "
      "<code>--help</code>.</p>\n<pre>";
  for (const std::string& command : story.commands) text += escaped(command) + '\n';
  return text + fmt::format(
                    "</pre>\n<h2>6. What to type next</h2>\n<pre>"
                    "posecu predict {0} PICTURE --out found   # people in a picture of yours: it has only seen "
                    "drawn ones\n"
                    "posecu train coco/laptop data.root=COCO --out runs/coco   # a small network on real "
                    "photographs\n"
                    "posecu train coco/higherhrnet_w32_512 data.root=COCO --out runs/w32   # the published "
                    "recipe\n"
                    "posecu data synth --preset crowd --out crowd --count 20   # what is hard: people in front "
                    "of people\n</pre>\n",
                    escaped(plan.run()));
}

}  // namespace

std::string demo_page(const DemoPlan& plan, const DemoStory& story) {
  const std::string footer = fmt::format(
      "<footer>posecu {}, {}, {}, seed {}. Drawing took {}, training {}, scoring {}. Everything of the training lies "
      "in "
      "<a href=\"run/\">run/</a>: its configuration, log, curves and checkpoints.</footer>\n</body>\n</html>\n",
      version(), escaped(story.machine), story.date, plan.seed, format_duration(story.took.drawing),
      format_duration(story.took.training), format_duration(story.took.scoring));
  return std::string(kHead) + opening(plan, story) + lesson(plan, story) + training(plan, story) + unseen(plan, story) +
         scores(story) + next(plan, story) + footer;
}

}  // namespace posecu
