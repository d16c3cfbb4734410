/** Documents of IoT Hub's service API to records and back. Pure: imports the JDK, Jackson's tree, the records and {@code io.muster.document}. Contract: iot-hub, sections 1, 2 and 5. */
@NullMarked
package io.muster.api.json;

import org.jspecify.annotations.NullMarked;
