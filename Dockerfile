# docker build -t gpuwatch .        (a two-stage image: nothing of the SDK is in the result)
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc libc6-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
RUN dotnet publish src/GpuWatch/GpuWatch.csproj -c Release -o /publish

FROM mcr.microsoft.com/dotnet/aspnet:10.0
RUN groupadd --gid 9838 gpuwatch \
 && useradd --uid 9838 --gid gpuwatch --no-create-home --home-dir /var/lib/gpuwatch --shell /usr/sbin/nologin gpuwatch \
 && install -d -o gpuwatch -g gpuwatch -m 0750 /var/lib/gpuwatch
COPY --from=build /publish /opt/gpuwatch
# The simulated NVML, which the build makes too, so that the image also runs where no NVIDIA driver is.
COPY --from=build /source/artifacts/native /opt/gpuwatch/native
ENV DOTNET_gcServer=0 DOTNET_EnableDiagnostics=0
USER gpuwatch
WORKDIR /var/lib/gpuwatch
VOLUME /var/lib/gpuwatch
EXPOSE 9838
# No curl in the image: the program asks the agent itself, where its settings say and with the token they give.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["/opt/gpuwatch/gpuwatch", "healthcheck"]
ENTRYPOINT ["/opt/gpuwatch/gpuwatch"]
CMD ["agent"]
