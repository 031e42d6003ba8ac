package org.kat4j.sentences;

import java.io.IOException;
import java.io.Writer;
import java.util.Set;
import javax.annotation.processing.AbstractProcessor;
import javax.annotation.processing.RoundEnvironment;
import javax.annotation.processing.SupportedAnnotationTypes;
import javax.lang.model.SourceVersion;
import javax.lang.model.element.ElementKind;
import javax.lang.model.element.PackageElement;
import javax.lang.model.element.TypeElement;
import javax.lang.model.util.ElementFilter;
import javax.lang.model.util.Elements;
import javax.tools.Diagnostic;
import javax.tools.StandardLocation;

/**
 * Writes what the javadoc of a record says of it and of its components beside the record's class,
 * as {@code Outer$Inner.sentences}: one line each, name, tab, sentence; the line without a name is
 * of the record itself.
 */
@SupportedAnnotationTypes("*")
public final class RecordSentences extends AbstractProcessor {
  @Override
  public SourceVersion getSupportedSourceVersion() {
    return SourceVersion.latestSupported();
  }

  @Override
  public boolean process(Set<? extends TypeElement> annotations, RoundEnvironment round) {
    ElementFilter.typesIn(round.getRootElements()).forEach(this::visit);
    return false; // others may look at the same annotations
  }

  private void visit(TypeElement type) {
    if (type.getKind() == ElementKind.RECORD) {
      String comment = processingEnv.getElementUtils().getDocComment(type);
      if (comment != null) {
        write(type, Javadoc.lines(comment));
      }
    }
    ElementFilter.typesIn(type.getEnclosedElements()).forEach(this::visit);
  }

  private void write(TypeElement type, String lines) {
    Elements elements = processingEnv.getElementUtils();
    PackageElement home = elements.getPackageOf(type);
    String binaryName = elements.getBinaryName(type).toString();
    String file = binaryName.substring(binaryName.lastIndexOf('.') + 1) + ".sentences";
    try (Writer writer =
        processingEnv
            .getFiler()
            .createResource(StandardLocation.CLASS_OUTPUT, home.getQualifiedName(), file, type)
            .openWriter()) {
      writer.write(lines);
    } catch (IOException failed) {
      processingEnv
          .getMessager()
          .printMessage(Diagnostic.Kind.ERROR, file + " cannot be written: " + failed, type);
    }
  }
}
