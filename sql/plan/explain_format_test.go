package plan

import "testing"

// The texts are what PostgreSQL 15 prints for such a plan.
func TestExplainFormats(t *testing.T) {
	doc := object{
		{"Plan", object{
			{"Node Type", "Limit"}, {"Parallel Aware", false}, {"Startup Cost", number("0.15")},
			{"Plans", []object{{{"Node Type", "Aggregate"}, {"Group Key", []string{"a", "b"}}, {"Filter", "(b <> 'x<y'::text)"}}}},
		}},
		{"Planning Time", number("8.867")},
		{"Triggers", []object{}},
	}
	for format, want := range map[string]string{
		"json": `[
  {
    "Plan": {
      "Node Type": "Limit",
      "Parallel Aware": false,
      "Startup Cost": 0.15,
      "Plans": [
        {
          "Node Type": "Aggregate",
          "Group Key": ["a", "b"],
          "Filter": "(b <> 'x<y'::text)"
        }
      ]
    },
    "Planning Time": 8.867,
    "Triggers": [
    ]
  }
]`,
		"yaml": `- Plan: 
    Node Type: "Limit"
    Parallel Aware: false
    Startup Cost: 0.15
    Plans: 
      - Node Type: "Aggregate"
        Group Key: 
          - "a"
          - "b"
        Filter: "(b <> 'x<y'::text)"
  Planning Time: 8.867
  Triggers: `,
		"xml": `<explain xmlns="http://www.postgresql.org/2009/explain">
  <Query>
    <Plan>
      <Node-Type>Limit</Node-Type>
      <Parallel-Aware>false</Parallel-Aware>
      <Startup-Cost>0.15</Startup-Cost>
      <Plans>
        <Plan>
          <Node-Type>Aggregate</Node-Type>
          <Group-Key>
            <Item>a</Item>
            <Item>b</Item>
          </Group-Key>
          <Filter>(b &lt;&gt; 'x&lt;y'::text)</Filter>
        </Plan>
      </Plans>
    </Plan>
    <Planning-Time>8.867</Planning-Time>
    <Triggers>
    </Triggers>
  </Query>
</explain>`,
	} {
		if got := formats[format](doc); got != want {
			t.Errorf("%s:\n%s\nwant:\n%s", format, got, want)
		}
	}
}
