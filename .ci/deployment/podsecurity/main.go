// Command podsecurity decodes Kubernetes manifests into Kubernetes's own types,
// strictly, and holds their pods against the Pod Security Standards with the
// evaluator that an API server runs. It exits 1 when something is wrong.
//
// Usage: podsecurity FILE…
package main

import (
	"bytes"
	"fmt"
	"os"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/yaml"
)

func main() {
	wrong := false
	for _, path := range os.Args[1:] {
		problems, err := check(path)
		if err != nil {
			problems = append(problems, err.Error())
		}
		for _, p := range problems {
			fmt.Printf("%s: %s\n", path, p)
			wrong = true
		}
	}
	if wrong || len(os.Args) < 2 {
		os.Exit(1)
	}
}

// check returns what is wrong with a file of manifests.
func check(path string) ([]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the manifests: %w", err)
	}
	var problems []string
	jobs, restricted := 0, false
	for i, doc := range bytes.Split(text, []byte("\n---\n")) {
		object, err := decode(doc)
		if err != nil {
			return problems, fmt.Errorf("manifest %d: %w", i+1, err)
		}
		switch o := object.(type) {
		case *corev1.Namespace:
			restricted = o.Labels[api.EnforceLevelLabel] == string(api.LevelRestricted)
		case *batchv1.CronJob:
			jobs++
			problems = append(problems, cronJob(o)...)
		}
	}
	if jobs != 1 {
		problems = append(problems, fmt.Sprintf("there are %d CronJobs; one is expected", jobs))
	}
	if !restricted {
		problems = append(problems, "the namespace does not enforce the restricted level")
	}
	return problems, nil
}

// decode reads one manifest; an unknown or doubled field is an error.
func decode(doc []byte) (any, error) {
	var kind metav1.TypeMeta
	if err := yaml.Unmarshal(doc, &kind); err != nil {
		return nil, fmt.Errorf("reading its kind: %w", err)
	}
	kinds := map[string]any{
		"v1/Namespace": &corev1.Namespace{}, "v1/ServiceAccount": &corev1.ServiceAccount{}, "v1/ConfigMap": &corev1.ConfigMap{},
		"v1/PersistentVolumeClaim": &corev1.PersistentVolumeClaim{}, "batch/v1/CronJob": &batchv1.CronJob{},
	}
	object := kinds[kind.APIVersion+"/"+kind.Kind]
	if object == nil {
		return nil, fmt.Errorf("%s %s is not among the kinds that are checked", kind.APIVersion, kind.Kind)
	}
	if err := yaml.UnmarshalStrict(doc, object); err != nil {
		return nil, fmt.Errorf("decoding the %s: %w", kind.Kind, err)
	}
	return object, nil
}

// cronJob returns what an API server would refuse or warn of, and what would
// run the audit twice.
func cronJob(c *batchv1.CronJob) []string {
	var problems []string
	job := c.Spec.JobTemplate.Spec
	pod := job.Template
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		return []string{err.Error()}
	}
	level := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	for _, r := range evaluator.EvaluatePod(level, &pod.ObjectMeta, &pod.Spec) {
		if !r.Allowed {
			problems = append(problems, fmt.Sprintf("not restricted: %s (%s)", r.ForbiddenReason, r.ForbiddenDetail))
		}
	}
	expect := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Sprintf(format, args...))
		}
	}
	expect(c.Spec.ConcurrencyPolicy == batchv1.ForbidConcurrent, "two audits may run at once: concurrencyPolicy is %q", c.Spec.ConcurrencyPolicy)
	expect(pod.Spec.RestartPolicy == corev1.RestartPolicyNever, "restartPolicy is %q", pod.Spec.RestartPolicy)
	expect(job.BackoffLimit != nil && *job.BackoffLimit == 0, "findings are retried: backoffLimit is not 0")
	expect(job.PodFailurePolicy != nil, "there is no podFailurePolicy")
	expect(pod.Spec.AutomountServiceAccountToken != nil && !*pod.Spec.AutomountServiceAccountToken, "the pod mounts a token for Kubernetes")
	for _, container := range pod.Spec.Containers {
		s := container.SecurityContext
		expect(s != nil && s.ReadOnlyRootFilesystem != nil && *s.ReadOnlyRootFilesystem, "%s: the root file system is writable", container.Name)
		expect(!container.Resources.Limits.Memory().IsZero(), "%s: there is no memory limit", container.Name)
	}
	return problems
}
