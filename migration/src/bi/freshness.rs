//! How far each view has read the log.

use super::{Column, Kind, View, instant, integer, text};

pub(super) const FRESHNESS: View = View {
    name: "freshness",
    grain: "One row a view other than this: how far it has read the log of the tenant.",
    group: "core",
    key: &["view_name"],
    from: FROM,
    columns: &[
        text("view_name", "The view."),
        integer(
            "position",
            "Position in the log up to which the view has read. Views of one position agree with each other.",
        ),
        integer("head_position", "Position of the newest event in the log."),
        integer("lag_events", "Events that the view has not read yet."),
        Column::new(
            "lag_seconds",
            Kind::Seconds,
            "For how long the oldest of them has waited; 0 if there is none.",
        )
        .from("lag_micros"),
        instant(
            "complete_until",
            "Whatever was recorded before this instant is in the view, UTC.",
        ),
        instant(
            "updated_at",
            "When the view last read events, UTC; null before.",
        ),
    ],
};

/// `{now}` and `{mine}` differ by dialect; `{views}` are the others, each with its group.
const FROM: &str = "(
  SELECT head.tenant_id, shown.view_name, shown.position, head.position AS head_position,
    head.position - shown.position AS lag_events,
    CASE WHEN waiting.recorded_at < clock.now THEN clock.now - waiting.recorded_at ELSE 0 END AS lag_micros,
    coalesce(waiting.recorded_at, clock.now) AS complete_until, shown.updated_at
  FROM tenant_head head
  CROSS JOIN (SELECT {now} AS now) clock
  JOIN (
    SELECT known.tenant_id, views.view_name, coalesce(checkpoint.position, 0) AS position, checkpoint.updated_at
    FROM tenant_head known
    CROSS JOIN (
      {views}
    ) views
    LEFT JOIN checkpoint ON checkpoint.tenant_id = known.tenant_id AND checkpoint.grp = views.grp
  ) shown ON shown.tenant_id = head.tenant_id
  LEFT JOIN event waiting ON waiting.tenant_id = head.tenant_id AND waiting.position = shown.position + 1{mine}
) freshness";
