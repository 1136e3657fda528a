#!/usr/bin/env python3
"""A Pod as podman can play it: for-podman.py POD.yaml VERSION DIRECTORY. Says nothing else than the manifest does, but where podman differs."""
import sys, yaml

with open(sys.argv[1]) as f:
    pod = next(d for d in yaml.safe_load_all(f) if d["kind"] == "Pod")
spec = pod["spec"]
group = spec["securityContext"].pop("fsGroup")
for sidecar in spec.pop("initContainers"):
    del sidecar["restartPolicy"], sidecar["startupProbe"], sidecar["livenessProbe"]
    spec["containers"].insert(0, sidecar)
for container in spec["containers"]:
    container["image"] = f"localhost/{container['image'].partition(':')[0]}:{sys.argv[2]}"
    container["imagePullPolicy"] = "Never"
    container["securityContext"]["runAsGroup"] = group
for volume in spec["volumes"]:
    volume.pop("emptyDir")
    volume["hostPath"] = {"path": sys.argv[3], "type": "Directory"}
yaml.safe_dump(pod, sys.stdout, sort_keys=False)
