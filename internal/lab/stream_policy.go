package lab

import (
	"encoding/json"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

const maxStreamPolicy = 20480 // bytes (Kinesis API, PutResourcePolicy)

// getStreamPolicy answers an empty policy where there is none, as recorded.
func getStreamPolicy(_ *Lab, _ *wire.Request, s *stream) (map[string]any, *wire.Failure) {
	return map[string]any{"Policy": firstOf(s.policy, "{}")}, nil
}

func putStreamPolicy(_ *Lab, q *wire.Request, s *stream) (map[string]any, *wire.Failure) {
	policy := q.String("Policy")
	var document map[string]any
	if len(policy) > maxStreamPolicy || json.Unmarshal([]byte(policy), &document) != nil || document["Statement"] == nil {
		return nil, refuse(400, "InvalidArgumentException", "The resource policy is not valid.")
	}
	s.policy = policy
	return nil, nil
}

func deleteStreamPolicy(_ *Lab, _ *wire.Request, s *stream) (map[string]any, *wire.Failure) {
	if s.policy == "" {
		return nil, refuse(400, "ResourceNotFoundException", "No resource policy found for resource ARN "+s.arn)
	}
	s.policy = ""
	return nil, nil
}
