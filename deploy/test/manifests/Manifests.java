import com.google.gson.Gson;
import com.google.gson.JsonElement;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1DaemonSet;
import io.kubernetes.client.openapi.models.V1Pod;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;

/** Checks manifests against Kubernetes' model: fields that it does not know, at any depth, and those that are missing. */
public class Manifests {
    private interface Check {
        void validate(JsonElement manifest) throws IOException;
    }

    private static final Map<String, Check> CHECKS =
            Map.of(
                    "v1/ConfigMap", V1ConfigMap::validateJsonElement,
                    "v1/Pod", V1Pod::validateJsonElement,
                    "apps/v1/DaemonSet", V1DaemonSet::validateJsonElement);

    public static void main(String[] files) throws IOException {
        var options = new LoaderOptions();
        options.setAllowDuplicateKeys(false);
        boolean wrong = false;
        for (var file : files) {
            for (var document : new Yaml(options).loadAll(Files.readString(Path.of(file)))) {
                var manifest = (Map<?, ?>) document;
                var kind = manifest.get("apiVersion") + "/" + manifest.get("kind");
                try {
                    var check = CHECKS.get(kind);
                    if (check == null) {
                        throw new IllegalArgumentException("no check for " + kind);
                    }
                    check.validate(new Gson().toJsonTree(manifest));
                    System.out.println(file + ": " + kind);
                } catch (IllegalArgumentException e) {
                    System.err.println(file + ": " + kind + ": " + e.getMessage());
                    wrong = true;
                }
            }
        }
        System.exit(wrong ? 1 : 0);
    }
}
