package lab_test

import (
	"fmt"
	"strings"
	"time"
)

func playRotations(scripts map[string]func(*player)) {
	rotate := func(p *player, id string) document { return p.call("kms:RotateKeyOnDemand", document{"KeyId": id}) }
	status := func(p *player, id string) document { return p.call("kms:GetKeyRotationStatus", document{"KeyId": id}) }
	for _, days := range []int{90, 180} {
		scripts[fmt.Sprintf("test_key_enable_rotation_status[%d]", days)] = func(p *player) {
			p.call("kms:EnableKeyRotation", document{"KeyId": keyA, "RotationPeriodInDays": days})
			p.step("match_response", status(p, keyA))
		}
	}
	scripts["test_rotate_key_on_demand_modifies_key_material"] = func(p *player) { p.step("rotate-on-demand-response", rotate(p, keyA)) }
	scripts["test_rotate_on_demand_returns_arn_for_key_id"] = func(p *player) { p.step("rotate-on-demand-aws-key", rotate(p, keyA)) }
	scripts["test_rotate_key_on_demand_with_symmetric_key_and_automatic_rotation_disabled"] = func(p *player) {
		p.step("rotate-on-demand-response", rotate(p, keyA))
		p.step("rotation-status-response-after-rotation", status(p, keyA))
	}
	scripts["test_rotate_key_on_demand_with_symmetric_key_and_automatic_rotation_enabled"] = func(p *player) {
		p.call("kms:EnableKeyRotation", document{"KeyId": keyA})
		p.step("rotate-on-demand-response", rotate(p, keyA))
		p.step("rotation-status-response-after-rotation", status(p, keyA))
	}
	scripts["test_rotate_key_on_demand_raises_error_given_key_is_disabled"] = func(p *player) {
		p.call("kms:DisableKey", document{"KeyId": keyA})
		p.step("error-response", rotate(p, keyA))
	}
	scripts["test_rotate_key_on_demand_raises_error_given_key_that_does_not_exist"] = func(p *player) { p.step("error-response", rotate(p, noKey)) }
	scripts["test_rotate_key_on_demand_raises_error_given_non_symmetric_key"] = func(p *player) {
		p.step("error-response", rotate(p, p.textAt(p.key(document{"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"}), "KeyId")))
	}
	scripts["test_rotate_key_on_demand_raises_for_no_pending_key_material"] = func(p *player) {
		id := p.textAt(p.key(document{"Origin": "EXTERNAL"}), "KeyId")
		p.imported(id, make([]byte, 32), nil)
		p.step("rotate-key-on-demand-invalid-state-error", rotate(p, id))
	}
	for _, spec := range []string{"SYMMETRIC_DEFAULT", "RSA_4096"} { // both were recorded of a symmetric key
		scripts["test_rotate_key_on_demand_on_external_key_with_no_key_material["+spec+"]"] = func(p *player) {
			k := p.key(document{"Origin": "EXTERNAL", "Description": "test-key"})
			p.step("create-kms-external-key", k)
			p.step("rotate-key-on-demand-error-response-"+spec, rotate(p, p.textAt(k, "KeyId")))
		}
	}
	scripts["test_key_rotations_limits"] = func(p *player) {
		for range 25 {
			if out := rotate(p, keyA); out["Error"] != nil {
				p.Fatal(out)
			}
			p.lab.Advance(time.Minute)
		}
		p.step("error-response", rotate(p, keyA))
	}
	scripts["test_key_rotation_updates_current_key_material_id_for_aws_symmetric_keys"] = func(p *player) {
		id := p.textAt(p.key(document{"Description": "test-key"}), "KeyId")
		before := p.describe(id)
		p.step("describe-key-before-rotation", before)
		rotate(p, id)
		after := p.describe(id)
		p.step("describe-key-after-rotation", after)
		if part(before, "KeyMetadata", "CurrentKeyMaterialId") == part(after, "KeyMetadata", "CurrentKeyMaterialId") {
			p.Error("the material is the same")
		}
	}
}

func playTags(scripts map[string]func(*player)) {
	tags := func(values ...string) (out []any) {
		for i := 0; i < len(values); i += 2 {
			out = append(out, document{"TagKey": values[i], "TagValue": values[i+1]})
		}
		return out
	}
	listed := func(p *player, id string) any { return p.call("kms:ListResourceTags", document{"KeyId": id})["Tags"] }
	three := tags("tag1", "value1", "tag2", "value2", "tag3", "value3")
	for _, later := range []bool{true, false} {
		name := map[bool]string{true: "test_tag_existing_key_and_untag", false: "test_create_key_with_tag_and_untag"}[later]
		scripts[name] = func(p *player) {
			in, two := document{}, three[:2]
			if !later {
				in["Tags"] = two
			}
			id := p.textAt(p.key(in), "KeyId")
			if later {
				p.call("kms:TagResource", document{"KeyId": id, "Tags": two})
			}
			p.step("list-resource-tags", listed(p, id))
			p.call("kms:UntagResource", document{"KeyId": id, "TagKeys": list("tag1", "tag2")})
			p.step("list-resource-tags-after-all-untagged", listed(p, id))
		}
	}
	scripts["test_untag_key_partially"] = func(p *player) {
		id := p.textAt(p.key(document{"Tags": three}), "KeyId")
		p.step("list-resource-tags", listed(p, id))
		p.call("kms:UntagResource", document{"KeyId": id, "TagKeys": list("tag2")})
		p.step("list-resource-tags-after-partially-untagged", listed(p, id))
	}
	scripts["test_update_and_add_tags_on_tagged_key"] = func(p *player) {
		id := p.textAt(p.key(document{"Tags": three}), "KeyId")
		p.step("list-resource-tags", listed(p, id))
		p.call("kms:TagResource", document{"KeyId": id, "Tags": tags("tag2", "updated_value2", "tag4", "value4", "tag5", "value5")})
		p.step("list-resource-tags-after-tags-updated", listed(p, id))
	}
	create := func(step string, in []any) func(*player) {
		return func(p *player) { p.step(step, p.call("kms:CreateKey", document{"Tags": in})) }
	}
	scripts["test_tag_key_with_duplicate_tag_keys_raises_error"] = create("duplicate-tag-keys", tags("a", "1", "a", "2"))
	var many []any
	for i := range 51 {
		many = append(many, tags(fmt.Sprint("key", i), "v")...)
	}
	scripts["test_create_key_with_too_many_tags_raises_error"] = create("invalid-tag-key", many)
	scripts["test_create_key_with_invalid_tag_key[lowercase_prefix]"] = create("invalid-tag-key", tags("aws:key", "v"))
	scripts["test_create_key_with_invalid_tag_key[uppercase_prefix]"] = create("invalid-tag-key", tags("AWS:key", "v"))
	scripts["test_create_key_with_invalid_tag_key[too_long_key]"] = create("invalid-tag-key", tags(strings.Repeat("a", 129), "v"))
	scripts["test_key_with_long_tag_value_raises_error"] = create("too-long-tag-value", tags("tag", strings.Repeat("v", 257)))
	scripts["test_tag_existing_key_with_invalid_tag_key"] = func(p *player) {
		p.step("invalid-tag-key", p.call("kms:TagResource", document{"KeyId": keyA, "Tags": tags("aws:key", "v")}))
	}
}
