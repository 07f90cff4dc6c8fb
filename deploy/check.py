"""Checks what no schema sees: that the parts of the deployment files fit each other.

Schemas accept a selector that selects nothing and a volume that does not exist. This script renders
k8s/base with kustomize, validates it strictly against several minor versions of Kubernetes, and
follows every reference in it, in docker-compose.yml and in the dashboards. Each run also tests
itself: every check must catch faults planted in a copy of the real files.
"""

import copy
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import kubernetes_validate
import yaml

ROOT = Path(__file__).resolve().parent.parent
KUBERNETES = ["1.35", "1.36", "1.37"]
# Made by people and never committed.
SECRETS_BY_HAND = {"tidegate"}
OPERATIONS_PORT = 9464
PORT_NAME_MAX = 15


def load():
    """Everything that is checked, as plain data."""
    rendered = subprocess.run(
        ["kubectl", "kustomize", str(ROOT / "k8s/base")], check=True, capture_output=True, text=True
    ).stdout
    return {
        "objects": list(yaml.safe_load_all(rendered)),
        "compose": yaml.safe_load((ROOT / "docker-compose.yml").read_text()),
        "prometheus": yaml.safe_load((ROOT / "deploy/prometheus.yml").read_text()),
        "datasources": yaml.safe_load(
            (ROOT / "deploy/grafana/provisioning/datasources/prometheus.yml").read_text()
        ),
        "compose_toml": tomllib.loads((ROOT / "deploy/tidegate.toml").read_text()),
        "dashboards": {
            path.name: json.loads(path.read_text()) for path in (ROOT / "k8s/dashboards").glob("*.json")
        },
    }


def of_kind(system, kind):
    return [item for item in system["objects"] if item["kind"] == kind]


def by_name(system, kind):
    return {item["metadata"]["name"]: item for item in of_kind(system, kind)}


def workload(system):
    return of_kind(system, "StatefulSet")[0]


def selects(selector, labels):
    return bool(selector) and selector.items() <= labels.items()


def k8s_schemas(system):
    for version in KUBERNETES:
        for item in system["objects"]:
            try:
                kubernetes_validate.validate(item, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                yield f"{item['kind']} {item['metadata']['name']} on {version}: {error.message}"


def k8s_selectors(system):
    labels = workload(system)["spec"]["template"]["metadata"]["labels"]
    spec = workload(system)["spec"]
    selectors = {"StatefulSet": spec["selector"]["matchLabels"]}
    for name, service in by_name(system, "Service").items():
        selectors[f"Service {name}"] = service["spec"].get("selector")
    for name, budget in by_name(system, "PodDisruptionBudget").items():
        selectors[f"PodDisruptionBudget {name}"] = budget["spec"]["selector"]["matchLabels"]
    for spread in spec["template"]["spec"]["topologySpreadConstraints"]:
        selectors[f"spread over {spread['topologyKey']}"] = spread["labelSelector"]["matchLabels"]
        if spread["maxSkew"] < 1:
            yield f"spread over {spread['topologyKey']}: maxSkew must be 1 or more"
    for what, selector in selectors.items():
        if not selects(selector, labels):
            yield f"{what} does not select the pods"


def k8s_names(system):
    spec = workload(system)["spec"]
    pod = spec["template"]["spec"]
    service = by_name(system, "Service").get(spec["serviceName"])
    if service is None or service["spec"].get("clusterIP") != "None":
        yield f"serviceName {spec['serviceName']} is no headless Service"
    if pod["serviceAccountName"] not in by_name(system, "ServiceAccount"):
        yield f"there is no ServiceAccount {pod['serviceAccountName']}"
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    for name, volume in volumes.items():
        wanted = volume.get("configMap", {}).get("name")
        if wanted and wanted not in by_name(system, "ConfigMap"):
            yield f"volume {name}: there is no ConfigMap {wanted}"
        secret = volume.get("secret", {}).get("secretName")
        if secret and secret not in SECRETS_BY_HAND:
            yield f"volume {name}: no document tells how to make the Secret {secret}"
    for mount in pod["containers"][0]["volumeMounts"]:
        volume = volumes.pop(mount["name"], None)
        if volume is None:
            yield f"there is no volume {mount['name']}"
        elif "configMap" in volume and "subPath" in mount:
            data = by_name(system, "ConfigMap").get(volume["configMap"]["name"], {}).get("data", {})
            if mount["subPath"] not in data:
                yield f"the ConfigMap has no file {mount['subPath']}"
    for name in volumes:
        yield f"volume {name} is mounted nowhere"


def k8s_ports(system):
    container = workload(system)["spec"]["template"]["spec"]["containers"][0]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    if ports.get("operations") != OPERATIONS_PORT:
        yield f"the container's port `operations` must be {OPERATIONS_PORT}"
    for name in ports:
        if len(name) > PORT_NAME_MAX:
            yield f"port name {name} is longer than {PORT_NAME_MAX} characters"
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        if container[probe]["httpGet"]["port"] not in ports:
            yield f"{probe} asks a port that does not exist"
    if container["livenessProbe"]["httpGet"]["path"] == container["readinessProbe"]["httpGet"]["path"]:
        yield "liveness and readiness must ask different things"
    for name, service in by_name(system, "Service").items():
        for port in service["spec"]["ports"]:
            if port["targetPort"] not in ports:
                yield f"Service {name} leads to a port that does not exist"
        scraped = service["metadata"].get("annotations", {}).get("prometheus.io/port")
        if scraped and scraped not in {str(port["port"]) for port in service["spec"]["ports"]}:
            yield f"Service {name} tells Prometheus a port that it does not have"


def k8s_restricted(system):
    """The restricted pod security standard, and a root file system that nobody writes."""
    pod = workload(system)["spec"]["template"]["spec"]
    container = pod["containers"][0]
    security = container["securityContext"]
    wanted = {
        "runAsNonRoot": pod["securityContext"].get("runAsNonRoot") is True,
        "seccompProfile": pod["securityContext"].get("seccompProfile", {}).get("type") == "RuntimeDefault",
        "allowPrivilegeEscalation": security.get("allowPrivilegeEscalation") is False,
        "readOnlyRootFilesystem": security.get("readOnlyRootFilesystem") is True,
        "capabilities": security.get("capabilities") == {"drop": ["ALL"]},
        "no token": pod.get("automountServiceAccountToken") is False,
        "memory limit": "memory" in container["resources"].get("limits", {}),
        "requests": {"cpu", "memory"} <= container["resources"].get("requests", {}).keys(),
    }
    for what, holds in wanted.items():
        if not holds:
            yield f"the pod is not confined: {what}"


def k8s_configuration(system):
    """The configuration in the ConfigMap agrees with the pod around it."""
    container = workload(system)["spec"]["template"]["spec"]["containers"][0]
    text = next(iter(by_name(system, "ConfigMap").values()))["data"]["tidegate.toml"]
    config = tomllib.loads(text)
    mounts = {mount["mountPath"] for mount in container["volumeMounts"]}
    variable = config["kafka"].get("instance_env")
    if variable not in {item["name"] for item in container["env"]}:
        yield f"kafka.instance_env names {variable}, which the container does not have"
    if int(config["http"]["operations"].rsplit(":", 1)[1]) != OPERATIONS_PORT:
        yield f"http.operations must be on port {OPERATIONS_PORT}"
    if not any(config["ids"]["key_file"].startswith(mount + "/") for mount in mounts):
        yield "ids.key_file is not under a mount"
    if container["args"][-1] not in mounts:
        yield f"the container is told to read {container['args'][-1]}, which is not mounted"


def compose_references(system):
    services = system["compose"]["services"]
    for name, service in services.items():
        for other in service.get("depends_on", []):
            if other not in services:
                yield f"{name} depends on {other}, which does not exist"
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith(".") and not (ROOT / source).exists():
                yield f"{name} mounts {source}, which does not exist"
            if not source.startswith(".") and source not in system["compose"]["volumes"]:
                yield f"{name} uses the volume {source}, which is not declared"
    broker = system["compose_toml"]["kafka"]["brokers"][0]
    if broker not in services["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]:
        yield f"the broker does not advertise {broker}"
    for job in system["prometheus"]["scrape_configs"]:
        for target in job["static_configs"][0]["targets"]:
            host, port = target.rsplit(":", 1)
            if host not in services and host != "localhost":
                yield f"Prometheus scrapes {target}, which does not exist"
            if host == "tidegate" and not system["compose_toml"]["http"]["operations"].endswith(":" + port):
                yield f"Prometheus scrapes port {port}, where Tidegate does not answer"
    for source in system["datasources"]["datasources"]:
        if re.sub(r"^http://|:\d+$", "", source["url"]) not in services:
            yield f"Grafana asks {source['url']}, which does not exist"


def compose_confined(system):
    for name, service in system["compose"]["services"].items():
        for port in service.get("ports", []):
            if not port.startswith("127.0.0.1:"):
                yield f"{name} opens {port} to the network"
        if "mem_limit" not in service or "cpus" not in service:
            yield f"{name} has no limits"
        if "no-new-privileges:true" not in service.get("security_opt", []):
            yield f"{name} may gain privileges"
        if name != "kafka" and service.get("read_only") is not True:
            yield f"{name} may write its own files"


def dashboards(system):
    sources = {source["uid"] for source in system["datasources"]["datasources"]}
    if not system["dashboards"]:
        yield "there is no dashboard"
    for file, board in system["dashboards"].items():
        ids = [panel["id"] for panel in board["panels"]]
        if len(ids) != len(set(ids)):
            yield f"{file}: two panels have one id"
        variables = {variable["name"] for variable in board["templating"]["list"]}
        for panel in (panel for panel in board["panels"] if panel["type"] != "row"):
            yield from panel_faults(file, panel, variables, sources)


def panel_faults(file, panel, variables, sources):
    where = f"{file}: {panel['title']}"
    if not panel.get("description") or not panel["fieldConfig"]["defaults"].get("unit"):
        yield f"{where}: no description or no unit"
    for target in panel["targets"]:
        expr = target["expr"]
        used = set(re.findall(r"\$(?:\{(\w+)\}|(\w+))", expr + target["datasource"]["uid"]))
        names = {name for pair in used for name in pair if name and not name.startswith("__")}
        if names - variables - sources:
            yield f"{where}: unknown variable {sorted(names - variables - sources)}"
        if "rate(" in expr and "[$__rate_interval]" not in expr:
            yield f"{where}: a rate without $__rate_interval"
        if 'job=~"$job"' not in expr:
            yield f"{where}: every query must filter by job"
        if not re.search(r"\btidegate_[a-z_]+", expr):
            yield f"{where}: no metric of Tidegate"
        if expr.count("(") != expr.count(")") or expr.count("{") != expr.count("}"):
            yield f"{where}: brackets do not match"


CHECKS = [
    k8s_schemas,
    k8s_selectors,
    k8s_names,
    k8s_ports,
    k8s_restricted,
    k8s_configuration,
    compose_references,
    compose_confined,
    dashboards,
]


def pod(system):
    return workload(system)["spec"]["template"]["spec"]


def container(system):
    return pod(system)["containers"][0]


def first_panel(system):
    board = next(iter(system["dashboards"].values()))
    return next(panel for panel in board["panels"] if panel["type"] != "row")


def put(place, key, value):
    place[key] = value


# Check, fault: what it must catch.
PLANTED = [
    (k8s_schemas, lambda s: put(container(s), "imagee", "x")),
    (k8s_selectors, lambda s: put(of_kind(s, "Service")[0]["spec"], "selector", {"app": "x"})),
    (k8s_selectors, lambda s: put(workload(s)["spec"]["template"]["metadata"], "labels", {"app": "x"})),
    (k8s_selectors, lambda s: put(pod(s)["topologySpreadConstraints"][0], "maxSkew", 0)),
    (k8s_names, lambda s: put(workload(s)["spec"], "serviceName", "gone")),
    (k8s_names, lambda s: put(pod(s), "serviceAccountName", "gone")),
    (k8s_names, lambda s: put(pod(s)["volumes"][0]["configMap"], "name", "gone")),
    (k8s_names, lambda s: put(pod(s)["volumes"][1]["secret"], "secretName", "gone")),
    (k8s_names, lambda s: put(container(s)["volumeMounts"][0], "name", "gone")),
    (k8s_names, lambda s: put(container(s)["volumeMounts"][0], "subPath", "gone.toml")),
    (k8s_ports, lambda s: put(container(s)["ports"][0], "name", "a-name-far-too-long")),
    (k8s_ports, lambda s: put(container(s)["readinessProbe"]["httpGet"], "path", "/livez")),
    (k8s_ports, lambda s: put(of_kind(s, "Service")[0]["spec"]["ports"][0], "targetPort", "gone")),
    (k8s_restricted, lambda s: put(container(s)["securityContext"], "readOnlyRootFilesystem", False)),
    (k8s_restricted, lambda s: put(container(s)["resources"], "limits", {})),
    (k8s_configuration, lambda s: put(container(s)["env"][0], "name", "NAME")),
    (k8s_configuration, lambda s: put(container(s)["args"], -1, "/etc/gone.toml")),
    (compose_references, lambda s: put(s["compose"]["services"]["load"], "depends_on", ["gone"])),
    (compose_references, lambda s: put(s["compose"]["services"]["load"], "volumes", ["./gone:/x"])),
    (compose_references, lambda s: put(s["compose_toml"]["kafka"], "brokers", ["gone:9092"])),
    (compose_references, lambda s: put(s["compose_toml"]["http"], "operations", "0.0.0.0:1")),
    (compose_confined, lambda s: put(s["compose"]["services"]["grafana"], "ports", ["3000:3000"])),
    (compose_confined, lambda s: s["compose"]["services"]["kafka"].pop("mem_limit")),
    (dashboards, lambda s: put(first_panel(s), "description", "")),
    (dashboards, lambda s: put(first_panel(s)["targets"][0], "expr", "rate(tidegate_posts_total[5m])")),
    (dashboards, lambda s: put(first_panel(s)["targets"][0], "expr", 'tidegate_x{job=~"$job",a="$gone"}')),
    (dashboards, lambda s: s["dashboards"].clear()),
]


def main():
    system = load()
    failed = 0
    for check in CHECKS:
        faults = list(check(system))
        failed += bool(faults)
        for fault in faults:
            print(f"{check.__name__}: {fault}", file=sys.stderr)
    for number, (check, plant) in enumerate(PLANTED, 1):
        broken = copy.deepcopy(system)
        plant(broken)
        if not list(check(broken)):
            failed += 1
            print(f"{check.__name__}: planted fault {number} was not caught", file=sys.stderr)
    print(f"{len(CHECKS) + len(PLANTED) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
