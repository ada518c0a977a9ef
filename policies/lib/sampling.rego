# How many of a sample something was seen of, in words. Functions of values:
# they never look at the input themselves.
package lib.sampling

# which says of how many sampled things a cohort is, and what share they are of
# all that were listed or read: `3 of 50 sampled objects (1.2 % to 16.6 % of those
# listed, at 95 %), such as "a.csv"`. It needs count, examples and sampling of the
# facts, and of sampling nothing that depends on the listing's end.
which(facts, things) := sprintf(
	"%d of %d %s%s",
	[facts.count, facts.sampling.sampled, seen(facts.sampling, things), example(facts)],
)

# seen says what the sample stands for. Where everything was sampled, the share
# is exact; where nothing bounds it, the sample is no random one.
seen(sampling, things) := sprintf("%s that were %s", [things, found(things)]) if {
	sampling.share_low == sampling.share_high
} else := sprintf("%s that were read, a sample that is not random", [things]) if {
	sampling.share_low == 0
	sampling.share_high == 1
} else := sprintf(
	"sampled %s (%s %% to %s %% of those %s, at 95 %%)",
	[things, percent(floor(sampling.share_low * 1000)), percent(ceil(sampling.share_high * 1000)), found(things)],
)

# found is what was done to things before some were sampled.
found(things) := "listed" if things == "objects"

else := "read"

# percent is thousandths as a percentage.
percent(thousandths) := sprintf("%d.%d", [floor(thousandths / 10), thousandths % 10])

# example is the first of the examples, quoted: names are hostile input.
example(facts) := sprintf(", such as %q", [name]) if name := facts.examples[0]

else := ""
