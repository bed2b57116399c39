{ lib, ... }:
let
  limit =
    what:
    lib.mkOption {
      type = with lib.types; nullOr numbers.positive;
      default = null;
      example = 5;
      description = "US dollars that the priced model calls of ${what} may cost. Null limits nothing.";
    };
in
{
  # At 100 % a task is paused with its work kept; `octractl budget raise` lets it go on.
  options.services.octra.budgets = {
    taskUsd = limit "each task, in all of its runs,";
    projectUsd = limit "each project, in all,";
    userUsdAMonth = limit "each user's tasks, in a calendar month (UTC),";
    dayUsd = limit "all tasks together, on a calendar day (UTC),";
    monthUsd = limit "all tasks together, in a calendar month (UTC),";
  };
}
